import type { RefundId, TicketId } from '@boxoffice/contracts'
import type { StoredTicket } from '../tickets/ticket.ts'

/**
 * A ticket as it was issued, and what it is now: itself, or the one that took its place when it changed
 * hands.
 */
export interface Sold {
  readonly issued: StoredTicket
  readonly present: StoredTicket
}

export type Selection =
  | { outcome: 'selected'; selected: readonly Sold[]; repeated: boolean }
  | { outcome: 'used' | 'unknown'; ticketIds: readonly TicketId[] }

/** What an order sold, in the order of its tickets. */
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
 * Which of an order's tickets a cancellation is about. `unknown`: some of those named are not of the order.
 * `used`: some were used, are another's now, or were given back by another refund. Without names, what
 * another refund gave back is left out. `repeated`: this refund was here before, and these are the tickets it
 * had.
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
  // Without a refund nothing would be remembered about a ticket that stays as it is: it is not among those
  // cancelled.
  const selected = request.refundId ? open : open.filter(({ present }) => present.status !== 'CHECKED_IN')
  return { outcome: 'selected', selected, repeated: false }
}

/** Used, or somebody else's by now; one that came back to its buyer is as good as one that never left. */
const isBeyondReach = ({ issued, present }: Sold) =>
  present.status === 'CHECKED_IN' || present.userId !== issued.userId

const idsOf = (sold: readonly Sold[]) => sold.map(({ issued }) => issued.ticketId)
