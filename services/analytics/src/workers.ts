import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { createProjectionConsumers } from './projection/consumers.ts'
import { createEmptying } from './projection/emptying.ts'

/** The relay first, as in every service: it stops last. It has nothing to publish here. */
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
