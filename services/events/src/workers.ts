import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import { completeEvents } from './catalog/complete.ts'
import { fillSearch } from './catalog/search-repository.ts'
import type { Dependencies } from './dependencies.ts'

const COMPLETE_MS = 60_000
const FILL_SEARCH_MS = 600_000
const FILL_SEARCH_BATCH = 200

/** The relay is first, so that it stops last and publishes what the others append. */
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
    // Indexes rows from before the search, or with words of older rules; other rows are indexed by every
    // write.
    createSweeper({
      name: 'search',
      intervalMs: FILL_SEARCH_MS,
      logger,
      sweep: () => db.transact((tx) => fillSearch(tx, FILL_SEARCH_BATCH)),
    }),
  ]
}
