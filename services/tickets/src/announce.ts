import { setTimeout as pause } from 'node:timers/promises'
import type { AppendAll } from '@boxoffice/messaging'
import type { Database } from '@boxoffice/service-kit'
import { takeUnannouncedCheckIns } from './check-in/check-in-repository.ts'
import { tellCheckIns } from './check-in/tell-check-ins.ts'
import { tellTypes } from './types/tell-types.ts'
import { takeUnannouncedTypes } from './types/type-repository.ts'

export const ANNOUNCE_BATCH_MAX = 100
/** A batch a second: what is told of now does not wait behind what is told of late. */
export const ANNOUNCE_PAUSE_MS = 1_000
/** When all is told there is only what the version before this still writes while it is replaced. */
export const ANNOUNCE_INTERVAL_MS = 60_000

/**
 * Tell of types and admissions that nobody was told of when they came or changed, because that was before
 * such messages or in a task that does not know them: each once, a batch at a time, with a pause after one
 * that leaves more. Of reservations that ended before nothing is told.
 */
export function createAnnouncementSweep(deps: { db: Database; appendAll: AppendAll; pauseMs: number }) {
  const { db, appendAll, pauseMs } = deps
  return async () => {
    const taken = await db.transact(async (tx) => {
      const types = await takeUnannouncedTypes(tx, ANNOUNCE_BATCH_MAX)
      await tellTypes(appendAll, tx, types)
      const checkIns = await takeUnannouncedCheckIns(tx, ANNOUNCE_BATCH_MAX)
      await tellCheckIns(appendAll, tx, checkIns)
      return Math.max(types.length, checkIns.length)
    })
    const more = taken === ANNOUNCE_BATCH_MAX
    if (more) await pause(pauseMs)
    return { more }
  }
}
