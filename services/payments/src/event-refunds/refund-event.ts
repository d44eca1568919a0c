import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderId, RefundId } from '@boxoffice/contracts'
import { continueTrace, createSweeper, type Database, type Logger } from '@boxoffice/service-kit'
import type { Apply } from '../saga/apply.ts'
import type { Drive } from '../saga/drive.ts'
import type { SagaInput, SagaState } from '../saga/saga.ts'
import { findSagaForUpdate, leaseSaga, parkSaga, type StoredSaga } from '../saga/saga-repository.ts'
import { endPage, endRound, leaseCancelledEvent, listPaidOrders } from './cancelled-event-repository.ts'

// Of the gateway's 20 places and 50 calls a second: who buys for another event meanwhile has the others.
const PAGE = 10
const REASON = 'EVENT_CANCELLED'

/**
 * Gives back every order of cancelled events, page by page, as fast as the gateway answers and at most so
 * many a second. Each order's saga does it, so that a page that was begun is ended by whoever takes it up; a
 * refund that is at work is let end, and the rest follows.
 */
export function createEventRefunder(options: {
  db: Database
  apply: Apply
  drive: Drive
  now: () => Date
  newId: () => string
  logger: Logger
  intervalMs: number
  perSecond: number
  leaseMs: number
}) {
  const { db, apply, drive, now, newId, logger } = options

  /** What the cancellation means to an order's saga where it stands; null where it sees to it itself. */
  function inputFor(state: SagaState): SagaInput | null {
    if (state === 'AWAITING_TICKETS') return { type: 'EVENT_CANCELLED' }
    if (state !== 'CONFIRMED') return null
    return {
      type: 'REFUND_REQUESTED',
      refund: { refundId: newId() as RefundId, reason: REASON, force: true },
    }
  }

  async function giveBack(orderId: OrderId): Promise<void> {
    const ours = await db.transact(async (tx): Promise<StoredSaga | null> => {
      const leased = await leaseSaga(tx, orderId, options.leaseMs)
      const saga = leased ?? (await findSagaForUpdate(tx, orderId))
      const input = saga && inputFor(saga.state)
      const begun = input
        ? await continueTrace(saga.traceparent, 'give back', () => apply(tx, saga, input))
        : null
      // Where another works on it, that one goes on with what it finds now.
      if (!leased) return null
      if (begun?.applied) return begun.saga
      await parkSaga(tx, leased, 0)
      return null
    })
    if (ours) await drive(ours, now())
  }

  return createSweeper({
    name: 'refunds of cancelled events',
    intervalMs: options.intervalMs,
    logger,
    async sweep() {
      const event = await leaseCancelledEvent(db, options.leaseMs)
      if (!event) return { more: false }
      const { eventId } = event
      const startedMs = performance.now()
      const page = await listPaidOrders(db, event, PAGE)
      await Promise.all(
        page.map(({ orderId }) =>
          giveBack(orderId).catch((error) =>
            logger.error(
              { err: error, orderId, eventId },
              'an order of a cancelled event was not given back; it comes again',
            ),
          ),
        ),
      )
      const last = page.at(-1)
      await (last && page.length === PAGE ? endPage(db, eventId, last) : endRound(db, eventId))
      await sleep(Math.max(0, (page.length / options.perSecond) * 1_000 - (performance.now() - startedMs)))
      logger.info({ eventId, orders: page.length }, 'orders of a cancelled event were given back')
      return { more: true }
    },
  })
}
