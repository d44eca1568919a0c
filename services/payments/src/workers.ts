import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { saveCancelledEvent } from './event-refunds/cancelled-event-repository.ts'
import { createOrderWorker } from './order-commands/worker.ts'
import { handleTogether, sagaSubscribers } from './saga/subscriptions.ts'

/**
 * Builds the background workers. The relay is first, so that it stops last, after the others have appended
 * their messages.
 */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { db, messaging, applyAll } = deps
  const sagaDeps = { applyAll, saveCancelledEvent }
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    messaging.consumeWith('payment-processing-queue', sagaSubscribers(sagaDeps), {
      db,
      together: handleTogether(sagaDeps),
    }),
    createOrderWorker(deps),
    deps.webhooks,
    deps.eventRefunder,
    deps.resumer,
  ]
}
