import * as z from 'zod'
import {
  binary,
  defineRoute,
  Empty,
  eventStream,
  NextCursor,
  Page,
  Refusal,
  refusalWith,
  TooManyStreams,
} from '../http/define-route.ts'
import { EventId, ReservationId, TicketId, TicketTypeId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { doorOperations } from './door-routes.ts'
import { NotReserved, Reservation, TicketRequests } from './reservation.ts'
import { SeatMap, SeatMapChanges } from './seat-map.ts'
import { stopOperations } from './stop-routes.ts'
import { Ticket } from './ticket.ts'
import { NewTicketType, TicketType, TicketTypeChanges, ZoneId } from './ticket-type.ts'

const NotChangeable = refusalWith({ sold: z.int().optional(), held: z.int().optional() }).meta({
  description: 'BELOW_SOLD with what is sold and held, EVENT_NOT_EDITABLE',
})

const ticketParams = z.object({ ticketId: TicketId })
const typeParams = z.object({ ticketTypeId: TicketTypeId })
const reservationParams = z.object({ reservationId: ReservationId })
const png = binary('image/png')
const pdf = binary('application/pdf')

export const ticketsRoutes = {
  createTicketType: defineRoute({
    method: 'POST',
    path: '/api/tickets/types',
    summary: 'Offer a kind of ticket',
    access: 'organizer',
    body: NewTicketType,
    responses: {
      201: TicketType,
      400: Refusal,
      403: Refusal,
      404: Refusal,
      409: refusalWith({ zoneIds: z.array(ZoneId).optional() }).meta({
        description:
          'CURRENCY_MISMATCH, LIMIT_EXCEEDED, EVENT_NOT_ON_SALE, SEATING_PLAN_MISSING, ZONE_TAKEN (by another type)',
      }),
    },
  }),
  listTicketTypes: defineRoute({
    method: 'GET',
    path: '/api/tickets/types',
    summary: 'What an event sells, and how many are left',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: z.object({ ticketTypes: z.array(TicketType) }), 404: Refusal },
  }),
  updateTicketType: defineRoute({
    method: 'PATCH',
    path: '/api/tickets/types/:ticketTypeId',
    summary: 'Change what is offered; what is held or sold keeps its price',
    access: 'organizer',
    params: typeParams,
    body: TicketTypeChanges,
    responses: { 200: TicketType, 400: Refusal, 403: Refusal, 404: Refusal, 409: NotChangeable },
  }),
  deleteTicketType: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/types/:ticketTypeId',
    summary: 'Offer a kind of ticket no more; possible while none of it is held and none was ever sold',
    access: 'organizer',
    params: typeParams,
    responses: { 204: Empty, 403: Refusal, 404: Refusal, 409: NotChangeable },
  }),
  getSeatMap: defineRoute({
    method: 'GET',
    path: '/api/tickets/seats',
    summary: 'Which seats of an event are free; with `If-None-Match` 304 while nothing changes',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: SeatMap, 304: Empty, 404: Refusal },
  }),
  watchSeatMap: defineRoute({
    method: 'GET',
    path: '/api/tickets/seats/stream',
    summary: 'The seat map, and then every change of it',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: eventStream(z.union([SeatMap, SeatMapChanges])), 404: Refusal, 429: TooManyStreams },
  }),
  createReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/reservations',
    summary: 'Hold tickets for a while: all of them or none',
    access: 'user',
    body: z.strictObject({ eventId: EventId, ticketRequests: TicketRequests }),
    responses: { 201: Reservation, 400: Refusal, 404: Refusal, 409: NotReserved },
  }),
  getReservation: defineRoute({
    method: 'GET',
    path: '/api/tickets/reservations/:reservationId',
    summary: "One's own reservation",
    access: 'user',
    params: reservationParams,
    responses: { 200: Reservation, 404: Refusal },
  }),
  listReservations: defineRoute({
    method: 'GET',
    path: '/api/tickets/reservations',
    summary: "One's own live reservations, those that are being paid for included; the newest first",
    access: 'user',
    query: Page.extend({ eventId: EventId.optional().meta({ description: 'only of this event' }) }),
    responses: { 200: z.object({ reservations: z.array(Reservation), nextCursor: NextCursor }) },
  }),
  extendReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/reservations/:reservationId/extend',
    summary: 'Hold tickets for as long again from now on, until `extendableUntil` at most',
    access: 'user',
    params: reservationParams,
    responses: {
      200: Reservation,
      404: Refusal,
      409: refusalWith({ expiresAt: Instant.optional() }).meta({
        description:
          'RESERVATION_NOT_EXTENDABLE (it lasts as long as it may) with `expiresAt`, RESERVATION_EXPIRED (also one that was let go), RESERVATION_IN_PAYMENT, RESERVATION_COMPLETED, EVENT_NOT_ON_SALE',
      }),
    },
  }),
  releaseReservation: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/reservations/:reservationId',
    summary: 'Let a reservation go',
    access: 'user',
    params: reservationParams,
    responses: { 204: Empty, 404: Refusal, 409: Refusal },
  }),
  listMyTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/mine',
    summary: "One's own tickets, the newest first",
    access: 'user',
    query: Page,
    responses: { 200: z.object({ tickets: z.array(Ticket), nextCursor: NextCursor }) },
  }),
  getTicket: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId',
    summary: "One's own ticket",
    access: 'user',
    params: ticketParams,
    responses: { 200: Ticket, 404: Refusal },
  }),
  getTicketQr: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId/qr.png',
    summary: "The ticket's code as a picture",
    access: 'user',
    params: ticketParams,
    responses: {
      200: png,
      404: Refusal,
      409: Refusal.meta({ description: 'TICKET_CANCELLED, TICKET_TRANSFERRED, TICKET_STOPPED' }),
    },
  }),
  getTicketPdf: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId/ticket.pdf',
    summary: 'The ticket to print or show; with `If-None-Match` 304 while it shows the same',
    access: 'user',
    params: ticketParams,
    responses: {
      200: pdf,
      304: Empty,
      404: Refusal,
      409: Refusal.meta({ description: 'TICKET_CANCELLED, TICKET_TRANSFERRED, TICKET_STOPPED' }),
      429: Refusal.meta({
        description: 'RATE_LIMITED: so many were printed for you, or your address; see Retry-After',
      }),
    },
  }),
  ...doorOperations,
  ...stopOperations,
} as const
