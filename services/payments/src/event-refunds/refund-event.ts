import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderId, RefundId, SagaState } from '@boxoffice/contracts'
import { continueTrace, createSweeper, type Database, type Logger } from '@boxoffice/service-kit'
import type { Apply } from '../saga/apply.ts'
import type { Drive } from '../saga/drive.ts'
import type { SagaInput } from '../saga/input.ts'
import { findSagaForUpdate, leaseSaga, parkSaga, type StoredSaga } from '../saga/saga-repository.ts'
import { declarationOf } from '../saga/states.ts'
import { endPage, endRound, leaseCancelledEvent, listPaidOrders } from './cancelled-event-repository.ts'

// Of the gateway's 20 concurrent calls and 50 per second; the rest is for buyers of other events.
const PAGE = 10
const REASON = 'EVENT_CANCELLED'

/**
 * Refunds every order of cancelled events, page by page, at most `perSecond`. Each order's saga does the
 * refund, so that another worker can finish a page. A refund in progress is finished first, and the remainder
 * follows.
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

  async function refundOrder(orderId: OrderId): Promise<void> {
    const ours = await db.transact(async (tx): Promise<StoredSaga | null> => {
      const leased = await leaseSaga(tx, orderId, options.leaseMs)
      const saga = leased ?? (await findSagaForUpdate(tx, orderId))
      const input = saga && inputFor(saga.state, newId)
      const begun = input
        ? await continueTrace(saga.traceparent, 'refund order of cancelled event', () =>
            apply(tx, saga, input),
          )
        : null
      // Another worker has the saga and continues with this input.
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
          refundOrder(orderId).catch((error) =>
            logger.error(
              { err: error, orderId, eventId },
              'refunding an order of a cancelled event failed, will be retried',
            ),
          ),
        ),
      )
      const last = page.at(-1)
      await (last && page.length === PAGE ? endPage(db, eventId, last) : endRound(db, eventId))
      await sleep(Math.max(0, (page.length / options.perSecond) * 1_000 - (performance.now() - startedMs)))
      logger.info({ eventId, orders: page.length }, 'orders of a cancelled event refunded')
      return { more: true }
    },
  })
}

/**
 * Returns the input that a cancelled event means for a saga in its state; null if the saga handles it by
 * itself.
 */
function inputFor(state: SagaState, newId: () => string): SagaInput | null {
  const { reports, requests } = declarationOf(state)
  if (reports?.EVENT_CANCELLED) return { type: 'EVENT_CANCELLED' }
  if (!requests?.REFUND_REQUESTED) return null
  return {
    type: 'REFUND_REQUESTED',
    refund: { refundId: newId() as RefundId, reason: REASON, force: true },
  }
}
