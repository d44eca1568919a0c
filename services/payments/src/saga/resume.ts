import { createSweeper, type Logger, type Sql } from '@boxoffice/service-kit'
import type { Drive } from './drive.ts'
import { leaseDueSagas } from './saga-repository.ts'

const AT_ONCE = 20

/**
 * Resumes sagas that are due and not leased: those that wait for a retry, and those whose worker died (its
 * lease has expired). Sagas that have not begun belong to `order-commands/queued-orders.ts`.
 */
export function createResumer(options: {
  db: Sql
  drive: Drive
  logger: Logger
  now: () => Date
  intervalMs: number
  leaseMs: number
}) {
  const { db, drive, logger, now } = options
  return createSweeper({
    name: 'saga resumer',
    intervalMs: options.intervalMs,
    logger,
    async sweep() {
      const due = await leaseDueSagas(db, 'begun', { limit: AT_ONCE, leaseMs: options.leaseMs })
      await Promise.all(
        due.map((saga) =>
          drive(saga, now()).catch((error) =>
            logger.error({ err: error, orderId: saga.orderId }, 'driving a saga failed, will be resumed'),
          ),
        ),
      )
      return { more: due.length === AT_ONCE }
    },
  })
}
