import { type Minor, sum, times } from '@boxoffice/contracts'
import type { Item, Refund, SagaContext } from './saga.ts'

export const ZERO = 0 as Minor

/** Returns the total of items, in minor units. */
export const totalOf = (items: readonly Item[]): Minor =>
  sum(items.map(({ unitPrice, quantity }) => times(unitPrice, quantity)))

/** Returns what was paid and not refunded yet. */
export const leftOf = ({ total = ZERO, refunded = ZERO }: Pick<SagaContext, 'total' | 'refunded'>): Minor =>
  Math.max(0, total - refunded) as Minor

/**
 * Returns the refund in progress: as requested, or the remainder of a purchase that could not be honoured.
 */
export const refundOf = (context: SagaContext): Refund & { amount: Minor } => ({
  refundId: context.refundId,
  reason: context.refundReason ?? 'unknown',
  force: true,
  ...context.refund,
  amount: context.refund?.amount ?? leftOf(context),
})
