import { createIdempotencySweeper, createSweeper, type Worker } from '@boxoffice/service-kit'
import { deleteExpiredVerifications } from './accounts/verification-repository.ts'
import type { Dependencies } from './dependencies.ts'
import { deleteExpiredFamilies } from './sessions/session-repository.ts'

const SWEEP_MS = 600_000
const BATCH = 500

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, logger, prisma, now } = deps
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    createSweeper({
      name: 'expired tokens',
      intervalMs: SWEEP_MS,
      logger,
      async sweep() {
        const families = await deleteExpiredFamilies(prisma, now(), BATCH)
        const verifications = await deleteExpiredVerifications(prisma, now(), BATCH)
        return { more: families === BATCH || verifications === BATCH }
      },
    }),
  ]
}
