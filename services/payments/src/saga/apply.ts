import {
  type Currency,
  compensationFailed,
  type EventId,
  type Minor,
  orderCancelled,
  orderConfirmed,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
} from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import { applyToOrder, getOrder, type StoredOrder } from '../orders/order-repository.ts'
import { advance, type Effects } from './advance.ts'
import { book } from './ledger.ts'
import type { SagaContext, SagaInput, SagaState } from './saga.ts'
import { moveSaga, type StoredSaga } from './saga-repository.ts'

export type Applied =
  | { applied: true; saga: StoredSaga }
  /** `stale`: somebody else has moved the saga since it was read. `ignored`: the table has nothing for this input here. */
  | { applied: false; why: 'stale' | 'ignored' }

/** How long a state rests before its step is made: the tickets' word comes as a message, and is only asked for when it does not. */
export const restMsOf = (state: SagaState): number => (state === 'AWAITING_TICKETS' ? 60_000 : 0)

/** The one place where a saga moves: state, journal, order, ledger and messages, in the caller's transaction. */
export function createApplier(append: Append) {
  return async (tx: Tx, saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const transition = advance(saga, input)
    if (!transition) return { applied: false, why: 'ignored' }
    const { state, context, effects } = transition
    const moved = await moveSaga(tx, saga, input, { state, context }, restMsOf(state))
    if (!moved) return { applied: false, why: 'stale' }
    await applyToOrder(tx, saga.orderId, context, effects)
    await bookMoney(tx, moved, effects)
    if (effects.messages?.length) {
      const order = await getOrder(tx, saga.orderId)
      for (const message of effects.messages) await publish(append, tx, message, order, context)
    }
    return { applied: true, saga: moved }
  }
}

async function bookMoney(tx: Tx, { orderId, context }: StoredSaga, { charge, refund }: Effects): Promise<void> {
  const amount = context.total as Minor
  const currency = context.currency as Currency
  if (charge) await book(tx, { reference: charge.transactionId, kind: 'CHARGE', orderId, amount, currency })
  if (!refund) return
  await book(tx, { reference: refund.gatewayRefundId, kind: 'REFUND', orderId, amount, currency })
  await tx.query(
    `insert into refunds (refund_id, order_id, amount_minor, currency, reason, gateway_refund_id, completed_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp())`,
    [context.refundId, orderId, amount, currency, context.refundReason ?? 'unknown', refund.gatewayRefundId],
  )
}

async function publish(
  append: Append,
  tx: Tx,
  message: NonNullable<Effects['messages']>[number],
  order: StoredOrder,
  context: SagaContext,
): Promise<void> {
  const about = {
    orderId: order.orderId,
    orderNumber: order.orderNumber,
    userId: order.userId,
    eventId: order.eventId as EventId,
  }
  const money = { totalAmount: order.totalAmount as Minor, currency: order.currency as Currency }
  const version = { aggregateVersion: order.version }
  const { reservationId, holderName, paymentMethod, transactionId } = order
  const reason = context.refundReason ?? context.failure?.reason ?? 'unknown'
  switch (message) {
    case 'PAYMENT_COMPLETED': {
      const payload = { ...about, ...money, reservationId, holderName, paymentMethod, transactionId, items: order.items }
      await append(tx, paymentCompleted, payload, version)
      return
    }
    case 'PAYMENT_FAILED': {
      const { failure } = context
      const payload = {
        ...about,
        reservationId,
        failureReason: failure?.reason ?? 'SYSTEM_ERROR',
        errorMessage: failure?.message ?? 'the payment failed',
        retryable: failure ? isRetryable(failure.reason) : true,
        totalAmount: order.totalAmount,
        currency: order.currency,
      }
      await append(tx, paymentFailed, payload, version)
      return
    }
    case 'ORDER_CONFIRMED': {
      const tickets = (context.issued ?? []).map(({ ticketId, ticketNumber, ticketTypeId }) => ({
        ticketId,
        ticketNumber,
        ticketTypeId,
      }))
      await append(tx, orderConfirmed, { ...about, ...money, tickets }, version)
      return
    }
    case 'REFUND_PROCESSED': {
      const payload = { ...about, refundId: context.refundId, refundAmount: money.totalAmount, currency: money.currency, reason }
      await append(tx, refundProcessed, payload, version)
      return
    }
    case 'ORDER_CANCELLED':
      await append(tx, orderCancelled, { ...about, reason }, version)
  }
}

/** Whether paying again, with another card or a little later, may succeed. */
export const isRetryable = (reason: string): boolean =>
  ['INSUFFICIENT_FUNDS', 'CARD_DECLINED', 'AUTHENTICATION_REQUIRED', 'PAYMENT_TIMEOUT', 'SYSTEM_ERROR'].includes(reason)

/** Tell people that undoing a step does not succeed. It is tried on all the same. */
export const publishCompensationFailed = (append: Append, tx: Tx, saga: StoredSaga, step: string, reason: string) =>
  append(
    tx,
    compensationFailed,
    { orderId: saga.orderId, reservationId: saga.context.reservationId, step, reason, attempts: saga.attempts },
    { aggregateVersion: saga.version },
  )
