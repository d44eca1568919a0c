import * as z from 'zod'
import { EventId, ReservationId, TicketTypeId, UserId } from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { SeatId } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

export const ReservationStatus = z.enum(['ACTIVE', 'PAYING', 'COMPLETED', 'EXPIRED', 'CANCELLED'])
export type ReservationStatus = z.output<typeof ReservationStatus>

const QUANTITY_MAX = 100
/** Lines of a request. */
export const LINES_MAX = 20
/** The most tickets of one order. */
export const TICKETS_PER_ORDER_MAX = QUANTITY_MAX * LINES_MAX

/** A number of a general type, named seats of a seated type, or the best free seats of one. */
export const TicketRequest = z.union([
  z.strictObject({
    ticketTypeId: TicketTypeId,
    quantity: z.int().min(1).max(QUANTITY_MAX),
    bestAvailable: z.literal(true).optional().meta({ description: 'for a seated type' }),
  }),
  z.strictObject({ ticketTypeId: TicketTypeId, seatIds: z.array(SeatId).min(1).max(QUANTITY_MAX) }),
])
export const TicketRequests = z.array(TicketRequest).min(1).max(LINES_MAX)
export type TicketRequest = z.output<typeof TicketRequest>

/** A line of a reservation, with its frozen price. */
export const ReservedTickets = z.object({
  ticketTypeId: TicketTypeId,
  quantity: z.int(),
  unitPrice: Money,
  totalPrice: Money,
  seatIds: z.array(SeatId).optional(),
})
export type ReservedTickets = z.output<typeof ReservedTickets>

/**
 * The requested items, a line for each type; for a seated one with its seats, also if they were the best
 * available.
 */
const RequestedTickets = ReservedTickets.pick({ ticketTypeId: true, quantity: true, seatIds: true })

export const Reservation = z.object({
  reservationId: ReservationId,
  userId: UserId,
  reserved: z.literal(true),
  eventId: EventId,
  status: ReservationStatus,
  expiresAt: Instant,
  extendableUntil: Instant.optional().meta({
    description: 'the latest end after extensions; while it is ACTIVE',
  }),
  ticketRequests: z.array(RequestedTickets),
  tickets: z.array(ReservedTickets),
  totalAmount: Money,
  currency: Currency,
})
export type Reservation = z.output<typeof Reservation>
