import type { EventId, FailureReason } from '@boxoffice/contracts'
import type { PaymentRow } from '../rows.ts'

/** What became of the payment of an order; what nobody has told yet is null. */
export type PaymentFacts = Omit<PaymentRow, 'generation' | 'failureReason'> & {
  readonly failureReason: FailureReason | null
}

/** How many payments of an event came to this, and how much they were. */
export interface PaymentTotals {
  readonly eventId: EventId
  readonly outcome: 'COMPLETED' | FailureReason
  readonly payments: number
  readonly amountMinor: number
}

/** What a payment adds to the counters: what cost nothing was not paid. */
export function paymentsOf({
  eventId,
  completedAt,
  failedAt,
  failureReason,
  amountMinor,
}: PaymentFacts): PaymentTotals[] {
  const amount = amountMinor ?? 0
  if (completedAt)
    return amount > 0 ? [{ eventId, outcome: 'COMPLETED', payments: 1, amountMinor: amount }] : []
  return failedAt && failureReason
    ? [{ eventId, outcome: failureReason, payments: 1, amountMinor: amount }]
    : []
}
