import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { createProjectionConsumers } from './projection/consumers.ts'
import { createEmptying } from './projection/emptying.ts'

/**
 * Builds the background workers. The relay is first, so that it stops last; this service publishes nothing.
 */
export function buildWorkers(deps: Dependencies): Worker[] {
  return [
    deps.messaging.relay,
    deps.messaging.housekeeping,
    createIdempotencySweeper(deps),
    ...createProjectionConsumers(deps),
    deps.lag,
    deps.rebuilder,
    createEmptying(deps),
  ]
}
