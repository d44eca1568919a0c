import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { rememberCancelledEvent } from './event-refunds/cancelled-event-repository.ts'
import { createOrderWorker } from './order-commands/worker.ts'
import { sagaSubscribers, takeTogether } from './saga/subscriptions.ts'

/** The relay first: it stops last, when the others have appended what they had to. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { db, messaging, applyAll } = deps
  const heard = { applyAll, rememberCancelledEvent }
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    messaging.consumeWith('payment-processing-queue', sagaSubscribers(heard), {
      db,
      together: takeTogether(heard),
    }),
    createOrderWorker(deps),
    deps.webhooks,
    deps.eventRefunder,
    deps.resumer,
  ]
}
