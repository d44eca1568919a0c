import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { deleteEndedAttempts } from './limits/attempt-repository.ts'
import { deleteOldNetworks } from './limits/known-network-repository.ts'
import { deleteOldChanges } from './mailed-tokens/change-repository.ts'
import { deleteExpiredResets } from './mailed-tokens/reset-repository.ts'
import { deleteExpiredVerifications } from './mailed-tokens/verification-repository.ts'
import { deleteExpiredFamilies } from './sessions/session-repository.ts'

const SWEEP_MS = 600_000
const DAY_MS = 86_400_000
const BATCH = 500

/** The relay is first, so that it stops last and publishes what the others append. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, logger, db, now } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    deps.mailRequests.worker,
    createIdempotencySweeper(deps),
    createSweeper({
      name: 'expired tokens and counts',
      intervalMs: SWEEP_MS,
      logger,
      async sweep() {
        // Kept for a day after expiry, so that an old link is reported as expired.
        const aDayAgo = new Date(now().getTime() - DAY_MS)
        const deleted = [
          await deleteExpiredFamilies(db, now(), BATCH),
          await deleteExpiredVerifications(db, aDayAgo, BATCH),
          await deleteExpiredResets(db, aDayAgo, BATCH),
          await deleteEndedAttempts(db, now(), BATCH),
          await deleteOldNetworks(db, now(), BATCH),
          await deleteOldChanges(db, aDayAgo, BATCH),
        ]
        return { more: deleted.includes(BATCH) }
      },
    }),
  ]
}
