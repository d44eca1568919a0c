import * as z from 'zod'
import { EVENT_NOT_FOUND } from '../events/refusals.ts'
import { saying } from '../http/define-refusal.ts'
import { binary, defineRoute } from '../http/define-route.ts'
import { VALIDATION_FAILED } from '../http/refusals.ts'
import {
  EventId,
  OrderId,
  RefundId,
  ReservationId,
  TicketId,
  TicketTypeId,
  UserId,
  VenueId,
} from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { SeatId } from '../values/seat.ts'
import { Instant, line, shownLine } from '../values/text.ts'
import {
  claimRefusals,
  notIssuedRefusals,
  ORDER_HAS_RESERVATION,
  RESERVATION_NOT_FOUND,
  ReserveRefusal,
  reserveRefusals,
  SEAT_NOT_FOUND,
  showRefusals,
  TICKET_NOT_FOUND,
  TICKETS_ISSUED,
  TICKETS_USED,
} from './refusals.ts'
import { Reservation, TICKETS_PER_ORDER_MAX, TicketRequests } from './reservation.ts'
import { Ticket } from './ticket.ts'

const ticketParams = z.object({ ticketId: TicketId })
const png = binary('image/png')
const pdf = binary('application/pdf')
const paymentService = { services: ['payment-service'] } as const
const readers = { services: ['payment-service', 'notification-service'] } as const
const TicketAvailability = z.object({
  ticketTypeId: TicketTypeId,
  available: z.boolean(),
  quantityAvailable: z.int(),
  quantityRequested: z.int(),
  error: ReserveRefusal.optional().meta({ description: 'why these could not be held at that moment' }),
})
export type TicketAvailability = z.output<typeof TicketAvailability>
const IssuedTicket = Ticket.pick({
  ticketId: true,
  ticketNumber: true,
  qrCode: true,
  ticketTypeId: true,
}).extend({
  createdAt: Instant.optional(),
})
/** A reservation that an order holds for its payment. */
/** An older service omits owner and items: during a rollout both forms exist. */
const Held = Reservation.partial({ userId: true, ticketRequests: true })
const OfBuyer = Held.required({ userId: true })
const Claimed = OfBuyer.extend({ orderId: OrderId })
const Claim = z.strictObject({ reservationId: ReservationId, orderId: OrderId, userId: UserId })

/** Every route is safe to repeat: the same ids give the same answer. */
export const ticketsInternalRoutes = {
  checkAvailability: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/check-availability',
    summary: 'Check whether so many are left; holds nothing',
    access: paymentService,
    body: z.strictObject({ eventId: EventId, ticketRequests: TicketRequests }),
    responses: {
      200: z.object({ available: z.boolean(), ticketAvailability: z.array(TicketAvailability) }),
    },
    refusals: [VALIDATION_FAILED, EVENT_NOT_FOUND],
  }),
  reserve: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/reserve',
    summary:
      'Hold tickets under an id that the caller chose; with orderId they are claimed for its payment at once',
    access: paymentService,
    body: z.strictObject({
      userId: UserId,
      eventId: EventId,
      reservationId: ReservationId,
      orderId: OrderId.optional(),
      ticketRequests: TicketRequests,
      reservationDurationMinutes: z.int().min(1).max(60).optional(),
    }),
    responses: {
      200: Held,
    },
    refusals: [VALIDATION_FAILED, EVENT_NOT_FOUND, ...Object.values(reserveRefusals), ORDER_HAS_RESERVATION],
  }),
  claimReservation: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/claim-reservation',
    summary: 'Claim a hold for one order: it becomes PAYING, and does not expire during the payment',
    access: paymentService,
    body: Claim,
    responses: {
      200: Claimed,
    },
    refusals: [RESERVATION_NOT_FOUND, ...Object.values(claimRefusals), ORDER_HAS_RESERVATION],
  }),
  getReservationInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/reservations/:reservationId',
    summary: 'Get a reservation and its owner',
    access: paymentService,
    params: z.object({ reservationId: ReservationId }),
    responses: { 200: OfBuyer },
    refusals: [RESERVATION_NOT_FOUND],
  }),
  confirmPurchase: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/confirm-purchase',
    summary: 'Issue tickets for a paid order, once, as PAYMENT_COMPLETED requests',
    access: paymentService,
    body: Claim.extend({ holderName: shownLine(200) }),
    responses: {
      200: z.object({ confirmed: z.literal(true), orderId: OrderId, tickets: z.array(IssuedTicket) }),
    },
    refusals: [...Object.values(notIssuedRefusals)],
  }),
  releaseClaim: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/release-reservation',
    summary: 'Release the seats of an order that will not be paid; no effect without a claim of this order',
    access: paymentService,
    body: z.strictObject({ reservationId: ReservationId, orderId: OrderId, reason: line(100) }),
    responses: {
      200: z.object({ released: z.boolean(), reservationId: ReservationId, ticketsReleased: z.int() }),
    },
    refusals: [TICKETS_ISSUED],
  }),
  cancelOrderTickets: defineRoute({
    method: 'POST',
    path: '/api/tickets/internal/cancel-order-tickets',
    summary:
      "Cancel an order's tickets, all ACTIVE or none; records the order's outcome even if nothing was issued",
    access: paymentService,
    body: z.strictObject({
      orderId: OrderId,
      refundId: RefundId.optional().meta({
        description: 'a repetition under the same refund returns the same answer',
      }),
      ticketIds: z.array(TicketId).min(1).max(TICKETS_PER_ORDER_MAX).optional(),
      reason: line(200),
      force: z.boolean().optional(),
    }),
    responses: {
      200: z.object({
        orderId: OrderId,
        // The tickets as issued to the buyer, regardless of their current holders.
        cancelled: z.array(z.object({ ticketId: TicketId, ticketTypeId: TicketTypeId, unitPrice: Money })),
      }),
    },
    refusals: [TICKET_NOT_FOUND, TICKETS_USED],
  }),
  findSeat: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/seats/:seatId',
    summary: 'Get the ticket type that sells a seat, and its current price; holds nothing',
    access: paymentService,
    params: z.object({ eventId: EventId, seatId: SeatId }),
    responses: {
      200: z.object({
        eventId: EventId,
        venueId: VenueId,
        seatId: SeatId,
        ticketTypeId: TicketTypeId,
        unitPrice: Money,
        currency: Currency,
      }),
    },
    refusals: [saying(EVENT_NOT_FOUND, 'there is no such event, or it is a draft'), SEAT_NOT_FOUND],
  }),
  getTicketInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId',
    summary: 'One ticket',
    access: readers,
    params: ticketParams,
    responses: { 200: Ticket },
    refusals: [TICKET_NOT_FOUND],
  }),
  getTicketPdfInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId/ticket.pdf',
    summary: 'Get the ticket for a mail',
    access: readers,
    params: ticketParams,
    responses: { 200: pdf },
    refusals: [TICKET_NOT_FOUND, ...Object.values(showRefusals)],
  }),
  getTicketQrInfo: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/:ticketId/qr.png',
    summary: 'Get the image of the code for a mail',
    access: readers,
    params: ticketParams,
    responses: { 200: png },
    refusals: [TICKET_NOT_FOUND, ...Object.values(showRefusals)],
  }),
  getOrderTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/orders/:orderId/tickets',
    summary: "An order's tickets, and its outcome where there is one",
    access: readers,
    params: z.object({ orderId: OrderId }),
    responses: {
      200: z.object({
        outcome: z.enum(['ISSUED', 'REJECTED', 'CANCELLED']).nullable(),
        tickets: z.array(Ticket),
      }),
    },
  }),
} as const
