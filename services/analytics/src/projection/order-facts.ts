import type { RefundId, SoldTicketStatus, TicketId } from '@boxoffice/contracts'
import type { OrderRow, RefundRow, TicketRow } from '../rows.ts'

// What messages have told of an order. A message may come twice, late or before those it builds on: what two
// of them tell is joined, and the join does not depend on their order or number. What nobody has told yet is
// null.

/**
 * `issuedAt`: its tickets were issued; null for an order that was rejected, or whose tickets are not heard of
 * yet.
 */
export type OrderFacts = Omit<OrderRow, 'generation'>

/**
 * `createdOn`: when the ticket was sold that this one is, or has taken the place of. `issuedAt`: it was
 * issued to its buyer itself; null for one that has taken the place of another. `nextTicketId`: which has
 * taken its place.
 */
export type TicketFacts = Omit<TicketRow, 'generation'>

export type RefundFacts = Omit<RefundRow, 'generation'>

/**
 * What is known of an order, or of some of its tickets: no ticket needs others but those it is linked to. By
 * their ids.
 */
export interface OrderReplica {
  readonly order: OrderFacts
  readonly tickets: ReadonlyMap<TicketId, TicketFacts>
  readonly refunds: ReadonlyMap<RefundId, RefundFacts>
}

/** A ticket of which nothing is known but whose it is a part. */
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

/** Both replicas of one order as one: commutative, associative, idempotent. */
export function joinOrders(a: OrderReplica, b: OrderReplica): OrderReplica {
  return {
    order: joinFacts(a.order, b.order),
    tickets: inherited(joinMaps(a.tickets, b.tickets)),
    refunds: joinMaps(a.refunds, b.refunds),
  }
}

/**
 * Field by field what is known; the smaller where two messages disagree, which those of one thing do not, but
 * for times.
 */
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
 * A ticket that took the place of another is for the same seat at the same price: down the whole chain,
 * whichever end was told first.
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

/** What became of a ticket. One that was used stays that, though its money went back (decision 0014). */
export function statusOf(
  ticket: Pick<TicketFacts, 'nextTicketId' | 'checkedInAt' | 'cancelledAt'>,
): SoldTicketStatus {
  if (ticket.nextTicketId) return 'TRANSFERRED'
  if (ticket.checkedInAt) return 'CHECKED_IN'
  return ticket.cancelledAt ? 'CANCELLED' : 'SOLD'
}
