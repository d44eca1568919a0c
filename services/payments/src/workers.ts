import { createSweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { sagaSubscribers } from './saga/subscriptions.ts'

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, idempotency, logger } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createSweeper({
      name: 'idempotency keys',
      intervalMs: 600_000,
      logger,
      sweep: async () => ({ more: (await idempotency.sweep()) === 1_000 }),
    }),
    messaging.consume('payment-processing-queue', sagaSubscribers(deps.apply)),
    deps.webhooks,
    deps.resumer,
  ]
}
