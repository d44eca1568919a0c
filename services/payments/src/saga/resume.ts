import { createSweeper, type Logger, type Sql } from '@boxoffice/service-kit'
import type { Drive } from './drive.ts'
import { leaseDueSagas } from './saga-repository.ts'

const AT_ONCE = 20

/**
 * Takes up every saga that is due and that nobody works on: those that wait for another attempt, and those
 * whose worker died (its lease has run out). What has not begun is not its own: see
 * `order-commands/queued-orders.ts`.
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
            logger.error({ err: error, orderId: saga.orderId }, 'a saga stopped; it is resumed'),
          ),
        ),
      )
      return { more: due.length === AT_ONCE }
    },
  })
}
