import { type EventInfo, isOver, type Order, type OrderStatus } from '@boxoffice/contracts'

/**
 * Returns why a buyer may no longer return tickets; null if they may. Organizers and administrators always
 * may. Free tickets can be returned until the event is over: no money is involved, and another buyer may
 * come.
 */
export function whyTooLate(
  event: Pick<EventInfo, 'eventDate' | 'endDate' | 'refundableUntil'> | null,
  now: Date,
  { isFree }: { isFree: boolean },
): string | null {
  if (event && isOver(event, now)) return 'the event is over: its organizer can refund the tickets'
  if (event && isFree) return null
  const until = event?.refundableUntil
  if (!until) return 'tickets of this event cannot be returned: its organizer can refund them'
  if (now > until) return `tickets of this event could be returned until ${until.toISOString()}`
  return null
}

const statusReasons: Record<Exclude<OrderStatus, 'CONFIRMED'>, string> = {
  PENDING: 'the order is not paid yet: cancel it',
  PAID: 'the tickets of the order are being issued: try again in a minute',
  FAILED: 'the order failed: there is nothing to refund',
  CANCELLED: 'the order was cancelled before it was paid',
  REFUND_PENDING: 'another refund of the order is in progress',
  REFUNDED: 'the order has been refunded',
}
const freeReasons: Partial<typeof statusReasons> = {
  PENDING: 'the order is not confirmed yet: cancel it',
  CANCELLED: 'the order was cancelled before it was confirmed',
  REFUND_PENDING: 'the tickets of the order are being returned',
  REFUNDED: 'the tickets of the order have been returned',
}
/**
 * Returns why an order cannot be refunded now, without mentioning money if none was paid; null if it can. A
 * paid order waits `patienceMs` for its tickets first.
 */
export function whyNotNow(
  { status, totalAmount, completedAt }: Pick<Order, 'status' | 'totalAmount' | 'completedAt'>,
  now: Date,
  patienceMs: number,
): string | null {
  if (status === 'CONFIRMED') return null
  const isStuck =
    status === 'PAID' && completedAt !== undefined && now.getTime() - completedAt.getTime() >= patienceMs
  if (isStuck) return null
  return (totalAmount === 0 ? freeReasons[status] : undefined) ?? statusReasons[status]
}

/** Translates the ticket service's refusal for the requester. */
export const whyRefused = (code: string): string =>
  code === 'TICKETS_USED'
    ? 'these tickets are used, transferred or refunded already'
    : `the tickets cannot be cancelled: ${code}`
