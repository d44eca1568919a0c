import type { TraceEntry } from '@boxoffice/contracts'
import type { TraceSource } from '@boxoffice/messaging'
import type { Sql } from '@boxoffice/service-kit'
import {
  findTracedOutcomes,
  findTracedReservations,
  findTracedTickets,
  findTracedTransfers,
  type TracedOutcome,
  type TracedReservation,
  type TracedTicket,
  type TracedTransfer,
} from './trace-repository.ts'

/** Finds reservations, tickets and their transfers; a ticket leads to its order. */
export const createTraceSource =
  ({ db }: { db: Sql }): TraceSource =>
  async (ids, max) => {
    const [reservations, outcomes, tickets] = await Promise.all([
      findTracedReservations(db, ids, max),
      findTracedOutcomes(db, ids, max),
      findTracedTickets(db, ids, max),
    ])
    const ticketIds = tickets.map(({ ticketId }) => ticketId)
    const transfers = await findTracedTransfers(db, ticketIds, max)
    const orderOf = new Map(tickets.map(({ ticketId, orderId }) => [ticketId, orderId]))
    return {
      entries: [
        ...reservations.map(entryOfReservation),
        ...outcomes.map(entryOfOutcome),
        ...tickets.flatMap(entriesOfTicket),
        ...transfers.flatMap((transfer) => entriesOfTransfer(transfer, orderOf.get(transfer.ticketId))),
      ],
      related: {
        orderIds: [...reservations, ...outcomes, ...tickets].map(({ orderId }) => orderId),
        ticketIds: [
          ...ticketIds,
          ...transfers.flatMap(({ ticketId, newTicketId }) => [ticketId, newTicketId]),
        ],
        correlationIds: tickets.map(({ checkInRequestId }) => checkInRequestId),
      },
    }
  }

/** A reason that is a code: others are words of people. */
const codeOf = (reason: string | null) => (reason && /^[A-Z_]+$/.test(reason) ? { detail: reason } : {})

const entryOfReservation = (reservation: TracedReservation): TraceEntry => ({
  at: reservation.createdAt,
  kind: 'RESERVATION',
  what: `reservation ${reservation.reservationId} HELD`,
  ...(reservation.orderId && { orderId: reservation.orderId }),
  detail: `now ${reservation.status}, ends ${reservation.expiresAt.toISOString()}`,
})

const entryOfOutcome = ({ orderId, outcome, reason, createdAt }: TracedOutcome): TraceEntry => ({
  at: createdAt,
  kind: 'RESERVATION',
  what: `order ${outcome}`,
  orderId,
  ...codeOf(reason),
})

function entriesOfTicket(ticket: TracedTicket): TraceEntry[] {
  const { ticketId, orderId, checkInRequestId } = ticket
  const entry = (at: Date | null, what: string, more: Partial<TraceEntry> = {}): TraceEntry[] =>
    at ? [{ at, kind: 'TICKET', what: `ticket ${what}`, ticketId, orderId, ...more }] : []
  return [
    ...entry(ticket.createdAt, 'ISSUED', { detail: `now ${ticket.status}` }),
    ...entry(ticket.deliveredAt, 'DELIVERED'),
    ...entry(ticket.stoppedAt, 'STOPPED', codeOf(ticket.stopReason)),
    ...entry(ticket.checkedInAt, 'CHECKED_IN', checkInRequestId ? { correlationId: checkInRequestId } : {}),
    ...entry(ticket.cancelledAt, 'CANCELLED', codeOf(ticket.cancellationReason)),
  ]
}

function entriesOfTransfer(transfer: TracedTransfer, orderId: string | undefined): TraceEntry[] {
  const { ticketId, newTicketId, status, reason, createdAt, offeredAt, endedAt } = transfer
  const entry = (at: Date | null, what: string, more: Partial<TraceEntry> = {}): TraceEntry[] =>
    at
      ? [{ at, kind: 'TICKET', what: `transfer ${what}`, ticketId, ...(orderId && { orderId }), ...more }]
      : []
  return [
    ...entry(createdAt, 'REQUESTED'),
    ...entry(offeredAt, 'OFFERED'),
    ...entry(endedAt, status, newTicketId ? { detail: `to ticket ${newTicketId}` } : codeOf(reason)),
  ]
}
