import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import { completeEvents } from './catalog/complete.ts'
import { fillSearch } from './catalog/search-repository.ts'
import type { Dependencies } from './dependencies.ts'

const COMPLETE_MS = 60_000
const FILL_SEARCH_MS = 600_000
const FILL_SEARCH_BATCH = 200

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, logger, db } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    createSweeper({
      name: 'events that are over',
      intervalMs: COMPLETE_MS,
      logger,
      sweep: () => completeEvents(deps),
    }),
    // What was there before search was ours, or has words of older rules; otherwise every write does it.
    createSweeper({
      name: 'search',
      intervalMs: FILL_SEARCH_MS,
      logger,
      sweep: () => db.transact((tx) => fillSearch(tx, FILL_SEARCH_BATCH)),
    }),
  ]
}
