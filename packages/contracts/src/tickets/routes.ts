import * as z from 'zod'
import { EVENT_NOT_EDITABLE, EVENT_NOT_FOUND, SEATING_PLAN_NOT_FOUND } from '../events/refusals.ts'
import { saying } from '../http/define-refusal.ts'
import { binary, defineRoute, Empty, eventStream, NextCursor, Page } from '../http/define-route.ts'
import { FORBIDDEN, RATE_LIMITED, TOO_MANY_STREAMS, VALIDATION_FAILED } from '../http/refusals.ts'
import { EventId, ReservationId, TicketId, TicketTypeId } from '../values/ids.ts'
import { doorOperations } from './door-routes.ts'
import {
  BELOW_SOLD,
  CURRENCY_MISMATCH,
  EVENT_NOT_ON_SALE,
  RESERVATION_COMPLETED,
  RESERVATION_EXPIRED,
  RESERVATION_IN_PAYMENT,
  RESERVATION_NOT_EXTENDABLE,
  RESERVATION_NOT_FOUND,
  reserveRefusals,
  SEATING_PLAN_MISSING,
  showRefusals,
  TICKET_NOT_FOUND,
  TICKET_TYPE_DELETED,
  TICKET_TYPE_NOT_FOUND,
  TOO_MANY_TYPES,
  ZONE_TAKEN,
} from './refusals.ts'
import { Reservation, TicketRequests } from './reservation.ts'
import { SeatMap, SeatMapChanges } from './seat-map.ts'
import { stopOperations } from './stop-routes.ts'
import { Ticket } from './ticket.ts'
import { NewTicketType, TicketType, TicketTypeChanges } from './ticket-type.ts'

const ticketParams = z.object({ ticketId: TicketId })
const typeParams = z.object({ ticketTypeId: TicketTypeId })
const reservationParams = z.object({ reservationId: ReservationId })
const png = binary('image/png')
const pdf = binary('application/pdf')

export const ticketsRoutes = {
  createTicketType: defineRoute({
    method: 'POST',
    path: '/api/tickets/types',
    summary: 'Offer a ticket type',
    access: 'organizer',
    body: NewTicketType,
    responses: {
      201: TicketType,
    },
    refusals: [
      VALIDATION_FAILED,
      FORBIDDEN,
      EVENT_NOT_FOUND,
      CURRENCY_MISMATCH,
      TOO_MANY_TYPES,
      EVENT_NOT_ON_SALE,
      SEATING_PLAN_MISSING,
      ZONE_TAKEN,
      TICKET_TYPE_DELETED,
    ],
  }),
  listTicketTypes: defineRoute({
    method: 'GET',
    path: '/api/tickets/types',
    summary: 'List the ticket types of an event, and how many are left',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: z.object({ ticketTypes: z.array(TicketType) }) },
    refusals: [EVENT_NOT_FOUND],
  }),
  updateTicketType: defineRoute({
    method: 'PATCH',
    path: '/api/tickets/types/:ticketTypeId',
    summary: 'Change a ticket type; held and sold tickets keep their price',
    access: 'organizer',
    params: typeParams,
    body: TicketTypeChanges,
    responses: { 200: TicketType },
    refusals: [VALIDATION_FAILED, FORBIDDEN, TICKET_TYPE_NOT_FOUND, BELOW_SOLD, EVENT_NOT_EDITABLE],
  }),
  deleteTicketType: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/types/:ticketTypeId',
    summary: 'Withdraw a ticket type; possible while none of it is held and none was ever sold',
    access: 'organizer',
    params: typeParams,
    responses: { 204: Empty },
    refusals: [FORBIDDEN, TICKET_TYPE_NOT_FOUND, BELOW_SOLD, EVENT_NOT_EDITABLE],
  }),
  getSeatMap: defineRoute({
    method: 'GET',
    path: '/api/tickets/seats',
    summary: 'Get the free seats of an event; with `If-None-Match` 304 if unchanged',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: SeatMap, 304: Empty },
    refusals: [EVENT_NOT_FOUND, SEATING_PLAN_NOT_FOUND],
  }),
  watchSeatMap: defineRoute({
    method: 'GET',
    path: '/api/tickets/seats/stream',
    summary: 'Stream the seat map: all of it, then every change',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: eventStream(z.union([SeatMap, SeatMapChanges])) },
    refusals: [EVENT_NOT_FOUND, SEATING_PLAN_NOT_FOUND, TOO_MANY_STREAMS],
  }),
  createReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/reservations',
    summary: 'Hold tickets for a while: all of them or none',
    access: 'user',
    body: z.strictObject({ eventId: EventId, ticketRequests: TicketRequests }),
    responses: { 201: Reservation },
    refusals: [VALIDATION_FAILED, EVENT_NOT_FOUND, ...Object.values(reserveRefusals)],
  }),
  getReservation: defineRoute({
    method: 'GET',
    path: '/api/tickets/reservations/:reservationId',
    summary: 'Get your reservation',
    access: 'user',
    params: reservationParams,
    responses: { 200: Reservation },
    refusals: [RESERVATION_NOT_FOUND],
  }),
  listReservations: defineRoute({
    method: 'GET',
    path: '/api/tickets/reservations',
    summary: 'List your current reservations, those being paid for included; newest first',
    access: 'user',
    query: Page.extend({ eventId: EventId.optional().meta({ description: 'only of this event' }) }),
    responses: { 200: z.object({ reservations: z.array(Reservation), nextCursor: NextCursor }) },
  }),
  extendReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/reservations/:reservationId/extend',
    summary: 'Extend a hold by its original length from now, until `extendableUntil` at most',
    access: 'user',
    params: reservationParams,
    responses: {
      200: Reservation,
    },
    refusals: [
      RESERVATION_NOT_FOUND,
      RESERVATION_NOT_EXTENDABLE,
      RESERVATION_EXPIRED,
      RESERVATION_IN_PAYMENT,
      RESERVATION_COMPLETED,
      EVENT_NOT_ON_SALE,
    ],
  }),
  releaseReservation: defineRoute({
    method: 'DELETE',
    path: '/api/tickets/reservations/:reservationId',
    summary: 'Release a reservation',
    access: 'user',
    params: reservationParams,
    responses: { 204: Empty },
    refusals: [RESERVATION_NOT_FOUND, RESERVATION_IN_PAYMENT, RESERVATION_COMPLETED],
  }),
  listMyTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/mine',
    summary: 'List your tickets, newest first',
    access: 'user',
    query: Page,
    responses: { 200: z.object({ tickets: z.array(Ticket), nextCursor: NextCursor }) },
  }),
  getTicket: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId',
    summary: 'Get your ticket',
    access: 'user',
    params: ticketParams,
    responses: { 200: Ticket },
    refusals: [TICKET_NOT_FOUND],
  }),
  getTicketQr: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId/qr.png',
    summary: "Get the ticket's code as an image",
    access: 'user',
    params: ticketParams,
    responses: {
      200: png,
    },
    refusals: [TICKET_NOT_FOUND, ...Object.values(showRefusals)],
  }),
  getTicketPdf: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId/ticket.pdf',
    summary: 'Get the ticket as a PDF to print or show; with `If-None-Match` 304 if unchanged',
    access: 'user',
    params: ticketParams,
    responses: {
      200: pdf,
      304: Empty,
    },
    refusals: [
      TICKET_NOT_FOUND,
      ...Object.values(showRefusals),
      saying(RATE_LIMITED, 'too many were rendered for you or your address: see Retry-After'),
    ],
  }),
  ...doorOperations,
  ...stopOperations,
} as const
