import type { RefundId, SoldTicketStatus, TicketId } from '@boxoffice/contracts'
import type { OrderRow, RefundRow, TicketRow } from '../rows.ts'

// What messages say about an order. A message may come twice, late, or before those it builds on, so facts of
// two messages are joined, in any order and number. Unknown facts are null.

/** `issuedAt`: when its tickets were issued; null for a rejected order, or while its tickets are unknown. */
export type OrderFacts = Omit<OrderRow, 'generation'>

/**
 * `createdOn`: when this ticket, or the one it replaced, was sold. `issuedAt`: when it was issued to its
 * buyer; null for a replacement by transfer. `nextTicketId`: its replacement.
 */
export type TicketFacts = Omit<TicketRow, 'generation'>

export type RefundFacts = Omit<RefundRow, 'generation'>

/**
 * What is known of an order and of some of its tickets, by id. A ticket needs only the tickets that it is
 * linked to.
 */
export interface OrderReplica {
  readonly order: OrderFacts
  readonly tickets: ReadonlyMap<TicketId, TicketFacts>
  readonly refunds: ReadonlyMap<RefundId, RefundFacts>
}

/** A ticket of which only the order is known. */
export const unknownTicket = (
  ticketId: TicketId,
  of: Pick<OrderFacts, 'orderId' | 'eventId'>,
): TicketFacts => ({
  ticketId,
  orderId: of.orderId,
  eventId: of.eventId,
  ticketTypeId: null,
  userId: null,
  venueId: null,
  zoneId: null,
  rowLabel: null,
  colLabel: null,
  priceMinor: null,
  currency: null,
  createdOn: null,
  issuedAt: null,
  nextTicketId: null,
  cancelledAt: null,
  checkedInAt: null,
  refundedAt: null,
})

/** Joins two replicas of one order: commutative, associative, idempotent. */
export function joinOrders(a: OrderReplica, b: OrderReplica): OrderReplica {
  return {
    order: joinFacts(a.order, b.order),
    tickets: inherited(joinMaps(a.tickets, b.tickets)),
    refunds: joinMaps(a.refunds, b.refunds),
  }
}

/** Joins facts field by field; takes the smaller if two messages disagree, which happens only for times. */
export function joinFacts<F extends object>(a: F, b: F): F {
  const joined = { ...a } as Record<string, unknown>
  for (const [field, value] of Object.entries(b)) joined[field] = smaller(joined[field], value)
  return joined as F
}

function smaller(a: unknown, b: unknown): unknown {
  if (a === null || a === undefined) return b ?? null
  if (b === null || b === undefined) return a
  return (b as number) < (a as number) ? b : a
}

function joinMaps<K, F extends object>(a: ReadonlyMap<K, F>, b: ReadonlyMap<K, F>): Map<K, F> {
  const joined = new Map(a)
  for (const [id, facts] of b) {
    const there = joined.get(id)
    joined.set(id, there ? joinFacts(there, facts) : facts)
  }
  return joined
}

const heritage = [
  'ticketTypeId',
  'venueId',
  'zoneId',
  'rowLabel',
  'colLabel',
  'priceMinor',
  'currency',
  'createdOn',
] as const

/**
 * A replacement has the seat and price of the ticket before it: along the whole chain, whichever end is known
 * first.
 */
function inherited(tickets: Map<TicketId, TicketFacts>): Map<TicketId, TicketFacts> {
  const successors = new Set([...tickets.values()].map(({ nextTicketId }) => nextTicketId))
  for (const first of [...tickets.keys()].filter((ticketId) => !successors.has(ticketId))) {
    let ticket = tickets.get(first)
    while (ticket?.nextTicketId) {
      const next = tickets.get(ticket.nextTicketId) ?? unknownTicket(ticket.nextTicketId, ticket)
      const passedOn = Object.fromEntries(heritage.map((field) => [field, ticket?.[field] ?? null]))
      ticket = joinFacts(next, passedOn as Partial<TicketFacts> as TicketFacts)
      tickets.set(ticket.ticketId, ticket)
    }
  }
  return tickets
}

/** Returns the status of a ticket. A used ticket stays used after a refund (decision 0014). */
export function statusOf(
  ticket: Pick<TicketFacts, 'nextTicketId' | 'checkedInAt' | 'cancelledAt'>,
): SoldTicketStatus {
  if (ticket.nextTicketId) return 'TRANSFERRED'
  if (ticket.checkedInAt) return 'CHECKED_IN'
  return ticket.cancelledAt ? 'CANCELLED' : 'SOLD'
}
