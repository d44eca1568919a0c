import { createIdempotencySweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { createOrderWorker } from './order-commands/worker.ts'
import { sagaSubscribers, takeTogether } from './saga/subscriptions.ts'

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { db, messaging, applyAll } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    messaging.consumeWith('payment-processing-queue', sagaSubscribers(applyAll), {
      db,
      together: takeTogether(applyAll),
    }),
    createOrderWorker(deps),
    deps.webhooks,
    deps.eventRefunder,
    deps.resumer,
  ]
}
