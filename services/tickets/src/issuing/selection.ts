import type { RefundId, TicketId } from '@boxoffice/contracts'
import type { StoredTicket } from '../tickets/ticket.ts'

/** A ticket as it was issued, and the present one: itself, or the one that replaced it in a transfer. */
export interface Sold {
  readonly issued: StoredTicket
  readonly present: StoredTicket
}

export type Selection =
  | { outcome: 'selected'; selected: readonly Sold[]; repeated: boolean }
  | { outcome: 'used' | 'unknown'; ticketIds: readonly TicketId[] }

/** Pairs the issued tickets of an order with their present ones, in order. */
export const soldOf = (tickets: readonly StoredTicket[]): Sold[] =>
  tickets
    .filter(({ ticketId, rootTicketId }) => ticketId === rootTicketId)
    .map((issued) => ({
      issued,
      present:
        tickets.find(
          (ticket) => ticket.rootTicketId === issued.ticketId && ticket.status !== 'TRANSFERRED',
        ) ?? issued,
    }))

/**
 * Selects the tickets that a cancellation is about. `unknown`: some of the named ones are not of the order.
 * `used`: some were used, belong to another user now, or were refunded otherwise. Without names, tickets that
 * another refund covers are left out. `repeated`: this refund was applied before, to these tickets.
 */
export function selectTickets(
  sold: readonly Sold[],
  request: { ticketIds?: readonly TicketId[]; refundId?: RefundId; force?: boolean },
): Selection {
  const unknown = (request.ticketIds ?? []).filter((id) => !sold.some(({ issued }) => issued.ticketId === id))
  if (unknown.length > 0) return { outcome: 'unknown', ticketIds: unknown }
  const mine = sold.filter(({ issued }) => request.refundId && issued.refundId === request.refundId)
  if (mine.length > 0) return { outcome: 'selected', selected: mine, repeated: true }

  const wanted = sold.filter(({ issued }) => request.ticketIds?.includes(issued.ticketId) ?? true)
  const refunded = wanted.filter(({ issued }) => request.refundId && issued.refundId)
  if (refunded.length > 0 && request.ticketIds) return { outcome: 'used', ticketIds: idsOf(refunded) }
  const open = wanted.filter((one) => !refunded.includes(one))
  const used = open.filter(isBeyondReach)
  if (used.length > 0 && !request.force) return { outcome: 'used', ticketIds: idsOf(used) }
  // Without a refund there is nothing to store on a used ticket, so it is left out.
  const selected = request.refundId ? open : open.filter(({ present }) => present.status !== 'CHECKED_IN')
  return { outcome: 'selected', selected, repeated: false }
}

/**
 * Whether a ticket was used or belongs to another user now; one that was transferred back to its buyer does
 * not count.
 */
const isBeyondReach = ({ issued, present }: Sold) =>
  present.status === 'CHECKED_IN' || present.userId !== issued.userId

const idsOf = (sold: readonly Sold[]) => sold.map(({ issued }) => issued.ticketId)
