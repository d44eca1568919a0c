import type { Append } from '@boxoffice/messaging'
import type { Transact } from '@boxoffice/service-kit'
import { takeUnannouncedCheckIns } from './check-in/check-in-repository.ts'
import { tellCheckIn } from './check-in/tell-check-in.ts'
import { tellType } from './types/tell-type.ts'
import { takeUnannouncedTypes } from './types/type-repository.ts'

const BATCH_MAX = 100
/** A batch a second: what is told of now does not wait behind what is told of late. */
export const ANNOUNCE_INTERVAL_MS = 1_000

/**
 * Tell of types and admissions that were there before anybody was told of such: each once, a batch at a time. Of reservations that
 * ended before nothing is told.
 */
export function createAnnouncementSweep({ transact, append }: { transact: Transact; append: Append }) {
  return (): Promise<undefined> =>
    transact(async (tx) => {
      for (const type of await takeUnannouncedTypes(tx, BATCH_MAX)) await tellType(append, tx, type)
      for (const checkIn of await takeUnannouncedCheckIns(tx, BATCH_MAX)) await tellCheckIn(append, tx, checkIn)
      return undefined
    })
}
