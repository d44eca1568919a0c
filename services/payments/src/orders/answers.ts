import {
  EVENT_NOT_FOUND,
  isRetryable,
  type Minor,
  type Order,
  type OrderInfo,
  orderRefusals,
  PAYMENT_DECLINED,
  RESERVATION_NOT_FOUND,
  ReserveRefusal,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { refuse, type UserPrincipal } from '@boxoffice/service-kit'
import { isAdmin } from './access.ts'
import type { StoredOrder } from './order-repository.ts'

/** Maps a stored order to the contract, without internal fields. */
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

/** Maps an order for a user who may see it; its contact address is shown to the buyer only. */
export function shownTo(
  { userId, roles }: Pick<UserPrincipal, 'userId' | 'roles'>,
  stored: StoredOrder,
): Order {
  const { contact, ...order } = toContract(stored)
  return contact && (userId === stored.userId || isAdmin({ roles })) ? { ...order, contact } : order
}

/** Maps an order for other services. */
export function toInfo(stored: StoredOrder): OrderInfo {
  const { tickets: _, contact, ...order } = toContract(stored)
  return { ...order, ...(contact?.email && { contactEmail: contact.email }) }
}

/** Returns the response to an order request: always the first answer; after a 202, the current state. */
export function answerTo(order: StoredOrder) {
  if (order.status === 'PENDING') return { status: 202 as const, body: toContract(order) }
  return (
    refusalOf(order) ?? {
      status: 201 as const,
      body: order.deferred ? toContract(order) : asFirstPaid(order),
    }
  )
}

/** Returns why an order failed; null if it did not. */
export function refusalOf(order: StoredOrder) {
  const { orderId, refusal, failureReason } = order
  if (order.status === 'CANCELLED') return refuse(orderRefusals.ORDER_CANCELLED, { orderId })
  if (order.status !== 'FAILED') return null
  const reason = failureReason ?? 'SYSTEM_ERROR'
  if (!refusal) return refuse(orderRefusals.SYSTEM_ERROR, { orderId })
  const { status, code, message, seatIds, reservationIds } = refusal
  switch (status) {
    case 400: {
      const details = [{ path: 'body.paymentToken', message: 'is required for tickets that cost something' }]
      return refuse(VALIDATION_FAILED, { message, ...(reason === 'PAYMENT_TOKEN_REQUIRED' && { details }) })
    }
    case 402:
      return refuse(PAYMENT_DECLINED, {
        message,
        orderId,
        failureReason: reason,
        retryable: isRetryable(reason),
      })
    case 404:
      return refuse(code === 'EVENT_NOT_FOUND' ? EVENT_NOT_FOUND : RESERVATION_NOT_FOUND, { message })
    case 409:
      return refuse(isOfOrder(code) ? orderRefusals[code] : orderRefusals.SYSTEM_ERROR, {
        message,
        orderId,
        ...(ReserveRefusal.safeParse(code).success && { reserved: false as const }),
        ...(seatIds && { seatIds }),
        ...(reservationIds && { reservationIds }),
      })
  }
}

const isOfOrder = (code: string): code is keyof typeof orderRefusals => Object.hasOwn(orderRefusals, code)

/** Restores an order as of its payment, which is what the first answer said. */
function asFirstPaid(stored: StoredOrder): Order {
  const { tickets: _, contact: __, ...order } = toContract(stored)
  return { ...order, status: 'PAID', paymentStatus: 'COMPLETED', refundedAmount: 0 as Minor }
}
