import { z } from 'zod'
import { doorOperations } from './door.ts'
import { EventId, OrderId, RefundId, ReservationId, TicketId, TicketTypeId, UserId } from './ids.ts'
import { Currency, Money } from './money.ts'
import { binary, defineRoute, Empty, eventStream, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { Instant, line } from './text.ts'
import { SeatId, Ticket } from './ticket.ts'

const ZoneId = z.int().min(1).max(999)
/** What a seat map says of a seat: free, held, sold, not for sale. */
export const SeatStatus = z.enum(['.', 'h', 's', 'x'])
export type SeatStatus = z.output<typeof SeatStatus>

/** The seats of an event, one character each in the order of its seating plan. */
export const SeatMap = z.object({
  eventId: EventId,
  planVersion: z.int(),
  statuses: z
    .string()
    .regex(/^[.hsx]*$/)
    .meta({ description: 'in plan order: . free, h held, s sold, x not for sale', examples: ['..hhs.xx'] }),
  asOf: Instant,
})
export type SeatMap = z.output<typeof SeatMap>
/** What changed about a seat map since the item before. */
export const SeatMapChanges = z.object({
  asOf: Instant,
  changes: z.array(z.object({ seatId: SeatId, index: z.int().meta({ description: 'in plan order' }), status: SeatStatus })),
})
export type SeatMapChanges = z.output<typeof SeatMapChanges>

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
  zoneIds: z.array(ZoneId).optional().meta({ description: 'of a seated type' }),
})
export type TicketType = z.output<typeof TicketType>

const Quantity = z.int().min(1).max(1_000_000)
const MaxPerOrder = z.int().min(1).max(100)
const MaxPerUser = z.int().min(1).max(1_000)

const endsAfterItStarts = (type: { salesStartAt?: Date | null; salesEndAt?: Date | null }) =>
  !type.salesStartAt || !type.salesEndAt || type.salesEndAt > type.salesStartAt
const late = { path: ['salesEndAt'], message: 'must be after salesStartAt' }

export const NewTicketType = z
  .strictObject({
    eventId: EventId,
    name: line(100),
    unitPrice: Money,
    currency: Currency,
    quantity: Quantity.optional().meta({ description: 'of a general type' }),
    zoneIds: z
      .array(ZoneId)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'of a seated type: it sells all seats of these zones of the seating plan' }),
    salesStartAt: Instant.optional(),
    salesEndAt: Instant.optional().meta({ description: "the event's start where none is given" }),
    maxPerOrder: MaxPerOrder.optional().meta({ description: '10 where none is given' }),
    maxPerUser: MaxPerUser.optional(),
  })
  .refine((type) => (type.quantity === undefined) !== (type.zoneIds === undefined), {
    path: ['quantity'],
    message: 'give either quantity, of a general type, or zoneIds, of a seated one',
  })
  .refine((type) => new Set(type.zoneIds).size === (type.zoneIds ?? []).length, {
    path: ['zoneIds'],
    message: 'must name a zone once',
  })
  .refine(endsAfterItStarts, late)
export type NewTicketType = z.output<typeof NewTicketType>

/** What may change about a type; null removes what is optional. What is held keeps its price. */
export const TicketTypeChanges = z
  .strictObject({
    name: line(100).optional(),
    unitPrice: Money.optional(),
    quantity: Quantity.optional().meta({ description: 'of a general type' }),
    salesStartAt: Instant.nullable().optional(),
    salesEndAt: Instant.nullable().optional(),
    maxPerOrder: MaxPerOrder.optional(),
    maxPerUser: MaxPerUser.nullable().optional(),
  })
  .refine(endsAfterItStarts, late)
export type TicketTypeChanges = z.output<typeof TicketTypeChanges>

/** So many of a general type, named seats of a seated one, or so many of its best seats that are free. */
export const TicketRequest = z.union([
  z.strictObject({
    ticketTypeId: TicketTypeId,
    quantity: z.int().min(1).max(100),
    bestAvailable: z.literal(true).optional().meta({ description: 'for a seated type' }),
  }),
  z.strictObject({ ticketTypeId: TicketTypeId, seatIds: z.array(SeatId).min(1).max(100) }),
])
export const TicketRequests = z.array(TicketRequest).min(1).max(20)
export type TicketRequest = z.output<typeof TicketRequest>

/** A line of a reservation, its price frozen. */
export const ReservedTickets = z.object({
  ticketTypeId: TicketTypeId,
  quantity: z.int(),
  unitPrice: Money,
  totalPrice: Money,
  seatIds: z.array(SeatId).optional(),
})
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
const NotChangeable = refusalWith({ sold: z.int().optional(), held: z.int().optional() }).meta({
  description: 'BELOW_SOLD with what is sold and held, EVENT_NOT_EDITABLE',
})
const NotReserved = refusalWith({
  reserved: z.literal(false).optional(),
  seatIds: z.array(SeatId).optional().meta({ description: 'those that are taken' }),
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
        description: 'CURRENCY_MISMATCH, LIMIT_EXCEEDED, EVENT_NOT_ON_SALE, SEATING_PLAN_MISSING, ZONE_TAKEN (by another type)',
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
    responses: { 200: eventStream(z.union([SeatMap, SeatMapChanges])), 404: Refusal },
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
  ...doorOperations,
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
      refundId: RefundId.optional().meta({ description: 'a repetition under the same refund gives the same answer' }),
      ticketIds: z.array(TicketId).min(1).max(200).optional(),
      reason: line(200),
      force: z.boolean().optional(),
    }),
    responses: {
      200: z.object({
        orderId: OrderId,
        // As they were issued to the buyer, whoever holds them by now.
        cancelled: z.array(z.object({ ticketId: TicketId, ticketTypeId: TicketTypeId, unitPrice: Money })),
      }),
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
