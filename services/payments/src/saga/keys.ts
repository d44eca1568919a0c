import type { OrderId } from '@boxoffice/contracts'
import { refundOf } from './amounts.ts'
import type { SagaContext } from './saga.ts'

// Idempotency keys at the gateway: the same however often a process dies in between.

export const chargeKey = (orderId: OrderId) => `order:${orderId}:charge`

/** The gateway binds a key to its parameters, so a refund of another amount needs another key. */
export function refundKey(orderId: OrderId, context: SagaContext): string {
  const { refundId, amount, reduced } = refundOf(context)
  return `order:${orderId}:refund:${refundId}${reduced ? `:${amount}` : ''}`
}
