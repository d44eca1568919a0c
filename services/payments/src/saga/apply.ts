import {
  type Currency,
  compensationFailed,
  type EventId,
  inParts,
  type Minor,
  orderCancelled,
  orderConfirmed,
  orderCreated,
  orderStatusChanged,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
} from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { holdEventAsItIs, isEventCancelled } from '../event-refunds/cancelled-event-repository.ts'
import { applyToOrder } from '../orders/apply-to-order.ts'
import { getOrder, type StoredOrder } from '../orders/order-repository.ts'
import { applyToRefunds } from '../refunds/refund-repository.ts'
import { advance } from './advance.ts'
import { book } from './ledger.ts'
import type { SagaMetrics } from './metrics.ts'
import type { SagaContext, SagaInput, SagaState } from './saga.ts'
import { moveSaga, type StoredSaga } from './saga-repository.ts'
import type { Effects } from './transition.ts'

export type Applied =
  /** `order`: as it stands then, where a message tells of it. */
  | { applied: true; saga: StoredSaga; order: StoredOrder | null }
  /** `stale`: somebody else has moved the saga since it was read. `ignored`: the table has nothing for this input here. */
  | { applied: false; why: 'stale' | 'ignored' }

/** How long a state rests before its step is made: the tickets' word comes as a message, and is only asked for when it does not. */
export const restMsOf = (state: SagaState, { ticketsPatienceMs }: Pick<Config, 'ticketsPatienceMs'>): number =>
  state === 'AWAITING_TICKETS' ? ticketsPatienceMs : 0

/** The one place where a saga moves: state, journal, order, ledger and messages, in the caller's transaction. */
export function createApplier(append: Append, metrics: Pick<SagaMetrics, 'moved'>, config: Pick<Config, 'ticketsPatienceMs'>) {
  return async (tx: Tx, saga: StoredSaga, told: SagaInput): Promise<Applied> => {
    const input = await asOfNow(tx, saga, told)
    const transition = advance(saga, input)
    if (!transition) return { applied: false, why: 'ignored' }
    const { state, context, effects } = transition
    const moved = await moveSaga(tx, saga, input, { state, context }, restMsOf(state, config))
    if (!moved) return { applied: false, why: 'stale' }
    metrics.moved(saga.state, moved.state)
    // Sent one behind the other and answered in that order: none waits for the answer of another.
    const writing = [applyToOrder(tx, saga.orderId, context, effects), bookMoney(tx, moved, effects)]
    const [order] = await Promise.all([effects.messages?.length ? getOrder(tx, saga.orderId) : null, ...writing])
    for (const message of effects.messages ?? []) if (order) await publish(append, tx, message, { order, context, effects })
    const isEventSeen = input.type === 'RESERVED' && !input.eventCancelled
    return { applied: true, saga: isEventSeen ? { ...moved, isEventSeen } : moved, order }
  }
}

/**
 * Whether an event is cancelled is looked at in the transaction that follows from it. What costs nothing is paid as soon as it is held. The
 * event of a reservation is only known from then on, so that the refunds of a cancelled event may have been done with before; what costs
 * something is asked about again when it is charged.
 */
async function asOfNow(tx: Tx, saga: StoredSaga, input: SagaInput): Promise<SagaInput> {
  if (input.type === 'RESERVED') {
    const look = input.total > 0 ? isEventCancelled : holdEventAsItIs
    return { ...input, eventCancelled: await look(tx, input.eventId) }
  }
  if (input.type !== 'CHARGED') return input
  const { eventId } = saga.context
  return { ...input, eventCancelled: eventId !== undefined && (await isEventCancelled(tx, eventId)) }
}

async function bookMoney(tx: Tx, { orderId, context }: StoredSaga, { charge, refund }: Effects): Promise<void> {
  const currency = context.currency as Currency
  if (charge) {
    const amount = context.total as Minor
    await book(tx, { reference: charge.transactionId, kind: 'CHARGE', orderId, amount, currency })
  }
  if (!refund) return
  for (const { gatewayRefundId, amount } of refund.settled ?? []) {
    if (gatewayRefundId) await book(tx, { reference: gatewayRefundId, kind: 'REFUND', orderId, amount, currency })
  }
  await applyToRefunds(tx, orderId, currency, refund)
}

async function publish(
  append: Append,
  tx: Tx,
  message: NonNullable<Effects['messages']>[number],
  { order, context, effects }: { order: StoredOrder; context: SagaContext; effects: Effects },
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
  switch (message) {
    case 'ORDER_CREATED':
      await publishOrderCreated(append, tx, order)
      return
    case 'PAYMENT_COMPLETED': {
      const payload = { ...about, ...money, reservationId, holderName, paymentMethod, transactionId, items: order.items }
      await append(tx, paymentCompleted, payload, version)
      return
    }
    case 'PAYMENT_FAILED':
      await publishPaymentFailed(append, tx, order, context)
      return
    case 'ORDER_FAILED':
      // Who waited has the refusal as the answer. Of a reservation that was refused nobody knows the event: its buyer was told of nothing.
      if (order.deferred && order.eventId) await publishPaymentFailed(append, tx, order, context)
      return
    case 'ORDER_CONFIRMED':
      for (const { things, ...part } of inParts(context.issued ?? [])) {
        const tickets = things.map(({ ticketId, ticketNumber, ticketTypeId }) => ({ ticketId, ticketNumber, ticketTypeId }))
        await append(tx, orderConfirmed, { ...about, ...money, ...part, tickets }, version)
      }
      return
    case 'REFUND_PROCESSED':
      for (const { refundId, amount, reason, ticketIds } of effects.refund?.settled ?? []) {
        if (amount === 0) continue
        const payload = { ...about, refundId, refundAmount: amount, currency: money.currency, reason, ticketIds }
        await append(tx, refundProcessed, payload, version)
      }
      return
    case 'ORDER_STATUS_CHANGED':
      await append(tx, orderStatusChanged, { ...about, previousStatus: 'CONFIRMED', status: order.status }, version)
      return
    case 'ORDER_CANCELLED':
      await append(tx, orderCancelled, { ...about, reason: cancellationReasonOf(context, effects) }, version)
  }
}

async function publishPaymentFailed(append: Append, tx: Tx, order: StoredOrder, { failure }: SagaContext): Promise<void> {
  const { orderId, orderNumber, userId, reservationId, totalAmount, currency, version } = order
  const eventId = order.eventId as EventId
  const why = failure
    ? { failureReason: failure.reason, errorMessage: failure.message, retryable: isRetryable(failure.reason) }
    : { failureReason: 'SYSTEM_ERROR' as const, errorMessage: 'the payment failed', retryable: true }
  const payload = { orderId, orderNumber, userId, eventId, reservationId, ...why, totalAmount, currency }
  await append(tx, paymentFailed, payload, { aggregateVersion: version })
}

/** An order was accepted for later; its event has to be known. */
export async function publishOrderCreated(append: Append, tx: Tx, order: StoredOrder): Promise<void> {
  const { orderId, orderNumber, userId, eventId, createdAt, version } = order
  if (!eventId) throw new Error(`${orderId}: its event is not known yet`)
  const payload = { orderId, orderNumber, userId, eventId, status: 'PENDING' as const, createdAt }
  await append(tx, orderCreated, payload, { aggregateVersion: version })
}

const cancellationReasonOf = ({ cancelled, refundReason }: SagaContext, { refund }: Effects): string =>
  cancelled ? 'CANCELLED_BY_BUYER' : (refund?.settled?.at(-1)?.reason ?? refundReason ?? 'unknown')

/** Whether paying again, with another card or a little later, may succeed. */
export const isRetryable = (reason: string): boolean =>
  [
    'INSUFFICIENT_FUNDS',
    'CARD_DECLINED',
    'AUTHENTICATION_REQUIRED',
    'PAYMENT_TIMEOUT',
    'PAYMENT_TOKEN_REQUIRED',
    'SYSTEM_ERROR',
  ].includes(reason)

/** Tell people that undoing a step does not succeed. It is tried on all the same. */
export const publishCompensationFailed = (append: Append, tx: Tx, saga: StoredSaga, step: string, reason: string) =>
  append(
    tx,
    compensationFailed,
    { orderId: saga.orderId, reservationId: saga.context.reservationId, step, reason, attempts: saga.attempts },
    { aggregateVersion: saga.version },
  )
