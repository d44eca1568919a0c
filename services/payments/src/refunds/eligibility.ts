import type { EventInfo, OrderStatus } from '@boxoffice/contracts'

/** Why a buyer may not give tickets back by now; null where they may. Organizers and administrators always may. */
export function whyTooLate(event: Pick<EventInfo, 'refundableUntil'> | null, now: Date): string | null {
  const until = event?.refundableUntil
  if (!until) return 'tickets of this event cannot be given back: its organizer can refund them'
  if (now > until) return `tickets of this event could be given back until ${until.toISOString()}`
  return null
}

const statusReasons: Record<Exclude<OrderStatus, 'CONFIRMED'>, string> = {
  PENDING: 'the order is not paid yet: cancel it',
  PAID: 'the tickets of the order are being made: ask again in a minute',
  FAILED: 'the order failed, nothing is to be given back',
  CANCELLED: 'the order was cancelled before it was paid',
  REFUND_PENDING: 'another refund of the order is at work',
  REFUNDED: 'the order has been refunded',
}
/** Why an order cannot be refunded on request at this moment; null where it can. One that was paid waits `patienceMs` for its tickets. */
export function whyNotNow(
  { status, completedAt }: { status: OrderStatus; completedAt?: Date },
  now: Date,
  patienceMs: number,
): string | null {
  if (status === 'CONFIRMED') return null
  const isStuck = status === 'PAID' && completedAt !== undefined && now.getTime() - completedAt.getTime() >= patienceMs
  return isStuck ? null : statusReasons[status]
}

/** What the ticket service's refusal means to who asked. */
export const whyRefused = (code: string): string =>
  code === 'TICKETS_USED' ? 'these tickets are used, transferred or refunded already' : `the tickets cannot be cancelled: ${code}`
