import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import { ANNOUNCE_INTERVAL_MS, ANNOUNCE_PAUSE_MS, createAnnouncementSweep } from './announce.ts'
import type { Dependencies } from './dependencies.ts'
import { replicaSubscribers } from './event-replicas/subscriptions.ts'
import { handleTogether, orderSubscribers } from './issuing/subscriptions.ts'
import { createExpirySweep, createOverdueSweep } from './reservations/sweeps.ts'
import { disputeSubscribers } from './stops/subscriptions.ts'
import { removeOldPrints } from './tickets/print-repository.ts'
import { transferSubscribers } from './transfers/subscriptions.ts'

const PRINT_SWEEP_MS = 600_000
const PRINTS_A_SWEEP = 100
/**
 * Expired holds can wait: a buyer who wants their places expires them. A sale and its messages come first.
 */
const EXPIRY_SHARE = 0.1

/** Builds the background workers. The relay is first, so that it stops last. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { config, db, messaging, idempotency, availabilityCache, logger } = deps
  const sweeper = (name: string, intervalMs: number, sweep: () => Promise<{ more: boolean } | undefined>) =>
    createSweeper({ name, intervalMs, sweep, logger })
  const subscribers = [
    ...replicaSubscribers,
    ...orderSubscribers(deps),
    ...transferSubscribers,
    ...disputeSubscribers(deps),
  ]
  return [
    messaging.relay,
    messaging.housekeeping,
    messaging.consumeWith('ticket-processing-queue', subscribers, {
      db,
      together: handleTogether(deps, subscribers),
    }),
    createSweeper({
      name: 'expired reservations',
      intervalMs: config.expirySweepMs,
      sweep: createExpirySweep(deps),
      logger,
      share: EXPIRY_SHARE,
    }),
    sweeper('overdue claims', config.expirySweepMs, createOverdueSweep(deps)),
    sweeper(
      'unpublished changes',
      ANNOUNCE_INTERVAL_MS,
      createAnnouncementSweep({ ...deps, appendAll: messaging.appendAll, pauseMs: ANNOUNCE_PAUSE_MS }),
    ),
    sweeper('printed orders', PRINT_SWEEP_MS, () =>
      removeOldPrints(db, config.orderPdfKeepMs, PRINTS_A_SWEEP),
    ),
    sweeper('availability cache reconciliation', config.reconcileMs, async () => {
      await availabilityCache.reconcile()
      return undefined
    }),
    createIdempotencySweeper({ idempotency, logger }),
  ]
}
