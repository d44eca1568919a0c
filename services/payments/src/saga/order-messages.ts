import {
  type EventId,
  inParts,
  isRetryable,
  type MessageDefinition,
  type Minor,
  orderCancelled,
  orderConfirmed,
  orderCreated,
  orderStatusChanged,
  type Payload,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
} from '@boxoffice/contracts'
import type { AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { StoredOrder } from './order.ts'
import type { SagaContext } from './saga.ts'
import type { Effects } from './transition.ts'

/** A message about an order, as of then. */
interface OrderMessage {
  readonly definition: MessageDefinition
  readonly payload: Payload<MessageDefinition>
}
const say = <D extends MessageDefinition>(definition: D, payload: Payload<D>): OrderMessage => ({
  definition,
  payload,
})

/** An order after a transition, and on whose behalf it was made. */
export interface MovedOrder {
  readonly order: StoredOrder
  readonly context: SagaContext
  readonly effects: Effects
  readonly origin: MessageOrigin
}

/**
 * Appends the messages of transitions: per order in order, and the same type for many orders in one
 * statement.
 */
export async function appendMessages(
  appendAll: AppendAll,
  tx: Tx,
  moved: readonly MovedOrder[],
): Promise<void> {
  const waiting = moved.map(({ order, origin, ...about }) => ({
    messages: (about.effects.messages ?? []).flatMap((message) => messagesOf(message, { order, ...about })),
    about: { aggregateVersion: order.version, origin },
  }))
  for (let place = 0; waiting.some(({ messages }) => messages.length > place); place++) {
    const next = waiting.flatMap(({ messages: [...messages], about }) => {
      const message = messages[place]
      return message ? [{ ...message, ...about }] : []
    })
    for (const [definition, alike] of Map.groupBy(next, (message) => message.definition)) {
      await appendAll(
        tx,
        definition,
        alike.map(({ definition: _, ...message }) => message),
      )
    }
  }
}

function messagesOf(
  message: NonNullable<Effects['messages']>[number],
  { order, context, effects }: Omit<MovedOrder, 'origin'>,
): OrderMessage[] {
  const about = {
    orderId: order.orderId,
    orderNumber: order.orderNumber,
    userId: order.userId,
    eventId: order.eventId as EventId,
  }
  const money = {
    totalAmount: order.totalAmount as Minor,
    currency: order.currency as NonNullable<StoredOrder['currency']>,
  }
  const { reservationId, holderName, paymentMethod, transactionId } = order
  switch (message) {
    case 'ORDER_CREATED':
      return [say(orderCreated, orderCreatedOf(order))]
    case 'PAYMENT_COMPLETED':
      return [
        say(paymentCompleted, {
          ...{ ...about, ...money, reservationId, holderName, paymentMethod, transactionId },
          items: order.items,
        }),
      ]
    case 'PAYMENT_FAILED':
      return [say(paymentFailed, paymentFailedOf(order, context))]
    case 'ORDER_FAILED':
      // A buyer who waited got the refusal as the answer. If a refused reservation's event is unknown,
      // nothing was published about the order.
      return order.deferred && order.eventId ? [say(paymentFailed, paymentFailedOf(order, context))] : []
    case 'ORDER_CONFIRMED':
      return inParts(context.issued ?? []).map(({ things, ...part }) => {
        const tickets = things.map(({ ticketId, ticketNumber, ticketTypeId }) => ({
          ticketId,
          ticketNumber,
          ticketTypeId,
        }))
        return say(orderConfirmed, { ...about, ...money, ...part, tickets })
      })
    case 'REFUND_PROCESSED':
      return (effects.refund?.completed ?? []).flatMap(({ refundId, amount, reason, ticketIds }) => {
        const payload = {
          ...about,
          refundId,
          refundAmount: amount,
          currency: money.currency,
          reason,
          ticketIds,
        }
        return amount === 0 ? [] : [say(refundProcessed, payload)]
      })
    case 'ORDER_STATUS_CHANGED':
      return [say(orderStatusChanged, { ...about, previousStatus: 'CONFIRMED', status: order.status })]
    case 'ORDER_CANCELLED':
      return [say(orderCancelled, { ...about, reason: cancellationReasonOf(context, effects) })]
  }
}

function paymentFailedOf(order: StoredOrder, { failure }: SagaContext): Payload<typeof paymentFailed> {
  const { orderId, orderNumber, userId, reservationId, totalAmount, currency } = order
  const eventId = order.eventId as EventId
  const why = failure
    ? {
        failureReason: failure.reason,
        errorMessage: failure.message,
        retryable: isRetryable(failure.reason),
      }
    : { failureReason: 'SYSTEM_ERROR' as const, errorMessage: 'the payment failed', retryable: true }
  return { orderId, orderNumber, userId, eventId, reservationId, ...why, totalAmount, currency }
}

/** For an order accepted for later, once its event is known. */
export function orderCreatedOf({
  orderId,
  orderNumber,
  userId,
  eventId,
  createdAt,
}: StoredOrder): Payload<typeof orderCreated> {
  if (!eventId) throw new Error(`${orderId}: the event is not known yet`)
  return { orderId, orderNumber, userId, eventId, status: 'PENDING', createdAt }
}

const cancellationReasonOf = ({ cancelled, refundReason }: SagaContext, { refund }: Effects): string =>
  cancelled ? 'CANCELLED_BY_BUYER' : (refund?.completed?.at(-1)?.reason ?? refundReason ?? 'unknown')
