import { createIdempotencySweeper, createSweeper, transact, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { createProjectionConsumers } from './projection/consumers.ts'
import { emptyRetired } from './projection/generation-repository.ts'

const EMPTY_MS = 30_000
/** Other instances may go on reading a generation for some seconds after another is served, and end what they began. */
const RETIRED_KEPT_SECONDS = 60
const EMPTY_BATCH = 2_000

/** The relay first, as in every service: it stops last. It has nothing to publish here. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, logger, pool } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    ...createProjectionConsumers(deps),
    deps.lag,
    deps.rebuilder,
    createSweeper({
      name: 'retired generations',
      intervalMs: EMPTY_MS,
      logger,
      async sweep() {
        const deleted = await transact(pool, (tx) => emptyRetired(tx, { keptSeconds: RETIRED_KEPT_SECONDS, batch: EMPTY_BATCH }))
        return { more: deleted !== null }
      },
    }),
  ]
}
