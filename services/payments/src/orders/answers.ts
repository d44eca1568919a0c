import { isRetryable, type Minor, type Order, type OrderInfo } from '@boxoffice/contracts'
import { refuse, type UserPrincipal } from '@boxoffice/service-kit'
import { isAdmin } from './access.ts'
import type { StoredOrder } from './order-repository.ts'

/** The contract's order: what is only ours is left out. */
export function toContract(stored: StoredOrder): Order {
  const {
    idempotencyKey: _,
    bodyHash: __,
    deferred: ___,
    version: ____,
    transactionId: _____,
    refusal: ______,
    ...order
  } = stored
  return order
}

/** The order as somebody who may see it does: where its mails go is the buyer's own business. */
export function shownTo(
  { userId, roles }: Pick<UserPrincipal, 'userId' | 'roles'>,
  stored: StoredOrder,
): Order {
  const { contact, ...order } = toContract(stored)
  return contact && (userId === stored.userId || isAdmin({ roles })) ? { ...order, contact } : order
}

/** The order as other services see it. */
export function toInfo(stored: StoredOrder): OrderInfo {
  const { tickets: _, contact, ...order } = toContract(stored)
  return { ...order, ...(contact?.email && { contactEmail: contact.email }) }
}

/** What the buyer is told of an order: the first answer, again and again; after a 202 the current state. */
export function answerTo(order: StoredOrder) {
  if (order.status === 'PENDING') return { status: 202 as const, body: toContract(order) }
  return (
    refusalOf(order) ?? {
      status: 201 as const,
      body: order.deferred ? toContract(order) : asFirstPaid(order),
    }
  )
}

/** Why an order came to nothing; null for one that did not. */
export function refusalOf(order: StoredOrder) {
  const { orderId, refusal, failureReason } = order
  if (order.status === 'CANCELLED')
    return refuse(409, 'ORDER_CANCELLED', 'the order was cancelled before it was paid', { orderId })
  if (order.status !== 'FAILED') return null
  const { status, code, message, seatIds, reservationIds } = refusal ?? {
    status: 409 as const,
    code: 'SYSTEM_ERROR',
    message: 'the order failed',
    seatIds: undefined,
    reservationIds: undefined,
  }
  const reason = failureReason ?? 'SYSTEM_ERROR'
  if (status === 402)
    return refuse(402, code, message, { orderId, failureReason: reason, retryable: isRetryable(reason) })
  if (status === 409)
    return refuse(409, code, message, {
      orderId,
      ...(isOfReservation(code) && { reserved: false as const }),
      ...(seatIds && { seatIds }),
      ...(reservationIds && { reservationIds }),
    })
  const details = [{ path: 'body.paymentToken', message: 'is required for tickets that cost something' }]
  return refuse(status, code, message, reason === 'PAYMENT_TOKEN_REQUIRED' ? { details } : {})
}

/**
 * The order as it was when it had just been paid, whatever came since: that is what the first answer said.
 */
function asFirstPaid(stored: StoredOrder): Order {
  const { tickets: _, contact: __, ...order } = toContract(stored)
  return { ...order, status: 'PAID', paymentStatus: 'COMPLETED', refundedAmount: 0 as Minor }
}

const isOfReservation = (code: string) =>
  ['INSUFFICIENT_INVENTORY', 'SEATS_TAKEN', 'SALES_CLOSED', 'LIMIT_EXCEEDED', 'EVENT_NOT_ON_SALE'].includes(
    code,
  )
