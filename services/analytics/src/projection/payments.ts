import type { EventId, FailureReason } from '@boxoffice/contracts'
import type { PaymentRow } from '../rows.ts'

/** The outcome of an order's payment; null for what is not known yet. */
export type PaymentFacts = Omit<PaymentRow, 'generation' | 'failureReason'> & {
  readonly failureReason: FailureReason | null
}

/** Number and total of an event's payments with this outcome. */
export interface PaymentTotals {
  readonly eventId: EventId
  readonly outcome: 'COMPLETED' | FailureReason
  readonly payments: number
  readonly amountMinor: number
}

/** Returns what a payment adds to the counters; a free order was not paid. */
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
