import { z } from 'zod'
import { EventId, OrderId, ReservationId, TicketId, TicketTypeId, UserId } from './ids.ts'
import { Currency, Money } from './money.ts'
import { binary, defineRoute, Empty, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { Instant, line } from './text.ts'

export const Seat = z.object({ zoneId: z.int().positive(), rowLabel: z.string(), colLabel: z.string() })
export type Seat = z.output<typeof Seat>

export const TicketStatus = z.enum(['ACTIVE', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type TicketStatus = z.output<typeof TicketStatus>
export const ReservationStatus = z.enum(['ACTIVE', 'PAYING', 'COMPLETED', 'EXPIRED', 'CANCELLED'])
export type ReservationStatus = z.output<typeof ReservationStatus>

export const TicketType = z.object({
  ticketTypeId: TicketTypeId,
  eventId: EventId,
  name: z.string(),
  kind: z.enum(['GENERAL', 'SEATED']),
  unitPrice: Money,
  currency: Currency,
  quantityTotal: z.int(),
  quantityAvailable: z.int(),
  salesStartAt: Instant.optional(),
  salesEndAt: Instant.optional(),
  maxPerOrder: z.int(),
  maxPerUser: z.int().optional(),
})
export type TicketType = z.output<typeof TicketType>

export const NewTicketType = z
  .strictObject({
    eventId: EventId,
    name: line(100),
    unitPrice: Money,
    currency: Currency,
    quantity: z.int().min(1).max(1_000_000),
    salesStartAt: Instant.optional(),
    salesEndAt: Instant.optional().meta({ description: "the event's start where none is given" }),
    maxPerOrder: z.int().min(1).max(100).optional().meta({ description: '10 where none is given' }),
    maxPerUser: z.int().min(1).max(1_000).optional(),
  })
  .refine((type) => !type.salesStartAt || !type.salesEndAt || type.salesEndAt > type.salesStartAt, {
    path: ['salesEndAt'],
    message: 'must be after salesStartAt',
  })
export type NewTicketType = z.output<typeof NewTicketType>

export const TicketRequest = z.strictObject({ ticketTypeId: TicketTypeId, quantity: z.int().min(1).max(100) })
export const TicketRequests = z.array(TicketRequest).min(1).max(20)
export type TicketRequest = z.output<typeof TicketRequest>

/** A line of a reservation, its price frozen. */
export const ReservedTickets = z.object({ ticketTypeId: TicketTypeId, quantity: z.int(), unitPrice: Money, totalPrice: Money })
export type ReservedTickets = z.output<typeof ReservedTickets>

export const Reservation = z.object({
  reservationId: ReservationId,
  reserved: z.literal(true),
  eventId: EventId,
  status: ReservationStatus,
  expiresAt: Instant,
  tickets: z.array(ReservedTickets),
  totalAmount: Money,
  currency: Currency,
})
export type Reservation = z.output<typeof Reservation>

export const ReserveRefusal = z.enum([
  'INSUFFICIENT_INVENTORY',
  'SEATS_TAKEN',
  'SALES_CLOSED',
  'LIMIT_EXCEEDED',
  'EVENT_NOT_ON_SALE',
])
export type ReserveRefusal = z.output<typeof ReserveRefusal>
const NotReserved = Refusal.extend({ error: z.string(), reserved: z.literal(false).optional() })

export const Ticket = z.object({
  ticketId: TicketId,
  ticketNumber: z.string().meta({ examples: ['TKT-2026-001234'] }),
  ticketTypeId: TicketTypeId,
  eventId: EventId,
  orderId: OrderId,
  holderName: z.string(),
  seat: Seat.optional(),
  status: TicketStatus,
  qrCode: z.string().meta({ description: "the URL of the code's picture" }),
  createdAt: Instant,
})
export type Ticket = z.output<typeof Ticket>

const ticketParams = z.object({ ticketId: TicketId })
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
    responses: { 201: TicketType, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  listTicketTypes: defineRoute({
    method: 'GET',
    path: '/api/tickets/types',
    summary: 'What an event sells, and how many are left',
    access: 'visitor',
    query: z.object({ eventId: EventId }),
    responses: { 200: z.object({ ticketTypes: z.array(TicketType) }), 404: Refusal },
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
    responses: { 200: png, 404: Refusal, 409: Refusal },
  }),
  getTicketPdf: defineRoute({
    method: 'GET',
    path: '/api/tickets/:ticketId/ticket.pdf',
    summary: 'The ticket to print or show',
    access: 'user',
    params: ticketParams,
    responses: { 200: pdf, 404: Refusal, 409: Refusal },
  }),
} as const

const paymentService = { services: ['payment-service'] } as const
const readers = { services: ['payment-service', 'notification-service'] } as const
const Availability = z.object({
  ticketTypeId: TicketTypeId,
  available: z.boolean(),
  quantityAvailable: z.int(),
  quantityRequested: z.int(),
  error: z.string().optional(),
})
const IssuedTicket = Ticket.pick({ ticketId: true, ticketNumber: true, qrCode: true, ticketTypeId: true })
/** A reservation that an order holds for its payment. */
const Claimed = Reservation.extend({ userId: UserId, orderId: OrderId })
const Claim = z.strictObject({ reservationId: ReservationId, orderId: OrderId, userId: UserId })

/** Every one is safe to repeat: the same ids give the same answer. */
export const ticketsInternalRoutes = {
  checkAvailability: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/check-availability',
    summary: 'Whether so many are left; holds nothing',
    access: paymentService,
    body: z.strictObject({ eventId: EventId, ticketRequests: TicketRequests }),
    responses: { 200: z.object({ available: z.boolean(), ticketAvailability: z.array(Availability) }), 404: Refusal },
  }),
  reserve: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/reserve',
    summary: 'Hold tickets under an id that the caller chose; with orderId they are claimed for its payment at once',
    access: paymentService,
    body: z.strictObject({
      userId: UserId,
      eventId: EventId,
      reservationId: ReservationId,
      orderId: OrderId.optional(),
      ticketRequests: TicketRequests,
      reservationDurationMinutes: z.int().min(1).max(60).optional(),
    }),
    responses: { 200: Reservation, 400: Refusal, 404: Refusal, 409: NotReserved },
  }),
  claimReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/claim-reservation',
    summary: 'A hold becomes PAYING for one order, and lasts while money moves',
    access: paymentService,
    body: Claim,
    responses: {
      200: Claimed,
      404: Refusal,
      409: Refusal.meta({ description: 'RESERVATION_EXPIRED, RESERVATION_IN_PAYMENT (another order has it), EVENT_NOT_ON_SALE' }),
    },
  }),
  confirmPurchase: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/confirm-purchase',
    summary: 'What PAYMENT_COMPLETED asks for, asked directly: tickets for a paid order, once',
    access: paymentService,
    body: Claim.extend({ holderName: line(200) }),
    responses: {
      200: z.object({ confirmed: z.literal(true), orderId: OrderId, tickets: z.array(IssuedTicket) }),
      409: refusalWith({ confirmed: z.literal(false), outcome: z.enum(['REJECTED', 'CANCELLED']), reason: z.string() }),
    },
  }),
  releaseClaim: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/release-reservation',
    summary: 'Give the seats of an order that will not be paid back; without a claim of this order it does nothing',
    access: paymentService,
    body: z.strictObject({ reservationId: ReservationId, orderId: OrderId, reason: line(100) }),
    responses: { 200: z.object({ released: z.boolean(), reservationId: ReservationId, ticketsReleased: z.int() }), 409: Refusal },
  }),
  cancelOrderTickets: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/cancel-order-tickets',
    summary: "Cancel an order's tickets, all ACTIVE or none; writes the order's outcome even when nothing was issued",
    access: paymentService,
    body: z.strictObject({
      orderId: OrderId,
      ticketIds: z.array(TicketId).min(1).max(200).optional(),
      reason: line(200),
      force: z.boolean().optional(),
    }),
    responses: {
      200: z.object({ orderId: OrderId, cancelled: z.array(TicketId) }),
      404: Refusal,
      409: refusalWith({ ticketIds: z.array(TicketId) }),
    },
  }),
  getTicketInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId',
    summary: 'One ticket',
    access: readers,
    params: ticketParams,
    responses: { 200: Ticket, 404: Refusal },
  }),
  getTicketPdfInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId/ticket.pdf',
    summary: 'The ticket to mail',
    access: readers,
    params: ticketParams,
    responses: { 200: pdf, 404: Refusal, 409: Refusal },
  }),
  getTicketQrInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId/qr.png',
    summary: "The code's picture to mail",
    access: readers,
    params: ticketParams,
    responses: { 200: png, 404: Refusal, 409: Refusal },
  }),
  getOrderTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/orders/:orderId/tickets',
    summary: "An order's tickets, and its outcome where there is one",
    access: readers,
    params: z.object({ orderId: OrderId }),
    responses: {
      200: z.object({ outcome: z.enum(['ISSUED', 'REJECTED', 'CANCELLED']).nullable(), tickets: z.array(Ticket) }),
    },
  }),
} as const
