import { setTimeout as pause } from 'node:timers/promises'
import type { AppendAll } from '@boxoffice/messaging'
import type { Database } from '@boxoffice/service-kit'
import { takeUnannouncedCheckIns } from './check-in/check-in-repository.ts'
import { publishCheckIns } from './check-in/publish-check-ins.ts'
import { publishTypes } from './types/publish-types.ts'
import { takeUnannouncedTypes } from './types/type-repository.ts'

export const ANNOUNCE_BATCH_MAX = 100
/** One batch per second, so that this backlog does not delay new messages. */
export const ANNOUNCE_PAUSE_MS = 1_000
/**
 * Once the backlog is published, only the previous version of the service still adds to it, while being
 * replaced.
 */
export const ANNOUNCE_INTERVAL_MS = 60_000

/**
 * Publishes the types and admissions that were not published when they changed: those from before these
 * messages existed, or written by a task that does not know them. Each is published once, in batches, with a
 * pause between batches. Reservations that ended before are not published.
 */
export function createAnnouncementSweep(deps: { db: Database; appendAll: AppendAll; pauseMs: number }) {
  const { db, appendAll, pauseMs } = deps
  return async () => {
    const taken = await db.transact(async (tx) => {
      const types = await takeUnannouncedTypes(tx, ANNOUNCE_BATCH_MAX)
      await publishTypes(appendAll, tx, types)
      const checkIns = await takeUnannouncedCheckIns(tx, ANNOUNCE_BATCH_MAX)
      await publishCheckIns(appendAll, tx, checkIns)
      return Math.max(types.length, checkIns.length)
    })
    const more = taken === ANNOUNCE_BATCH_MAX
    if (more) await pause(pauseMs)
    return { more }
  }
}
