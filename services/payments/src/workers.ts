import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { createOrderWorker } from './order-commands/worker.ts'
import { sagaSubscribers } from './saga/subscriptions.ts'

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    messaging.consume('payment-processing-queue', sagaSubscribers(deps.apply)),
    createOrderWorker(deps),
    deps.webhooks,
    deps.eventRefunder,
    deps.resumer,
  ]
}
