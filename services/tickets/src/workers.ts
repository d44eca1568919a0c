import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { pictureSubscribers } from './event-pictures/subscriptions.ts'
import { orderSubscribers } from './issuing/subscriptions.ts'
import { createExpirySweep, createOverdueSweep } from './reservations/sweeps.ts'

/** The relay comes first: it stops last. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { config, messaging, idempotency, redisPicture, logger } = deps
  const sweeper = (name: string, intervalMs: number, sweep: () => Promise<{ more: boolean } | undefined>) =>
    createSweeper({ name, intervalMs, sweep, logger })
  return [
    messaging.relay,
    messaging.housekeeping,
    messaging.consume('ticket-processing-queue', [...pictureSubscribers, ...orderSubscribers(deps)]),
    sweeper('expired reservations', config.expirySweepMs, createExpirySweep(deps)),
    sweeper('overdue claims', config.expirySweepMs, createOverdueSweep(deps)),
    sweeper('reconciliation of Redis', config.reconcileMs, async () => {
      await redisPicture.reconcile()
      return undefined
    }),
    createIdempotencySweeper({ idempotency, logger }),
  ]
}
