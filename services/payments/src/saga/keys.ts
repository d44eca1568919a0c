import type { OrderId } from '@boxoffice/contracts'
import { refundOf } from './amounts.ts'
import type { SagaContext } from './saga.ts'

// Our idempotency keys at the gateway: the same however often a process dies in between.

export const chargeKey = (orderId: OrderId) => `order:${orderId}:charge`

/** A refund of another amount is another request to the gateway, which binds a key to its parameters. */
export function refundKey(orderId: OrderId, context: SagaContext): string {
  const { refundId, amount, reduced } = refundOf(context)
  return `order:${orderId}:refund:${refundId}${reduced ? `:${amount}` : ''}`
}
