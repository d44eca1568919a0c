import * as z from 'zod'
import { defineNotFound, defineRefusal, withFields } from '../http/define-refusal.ts'
import { ReservationId, TicketId, TransferId } from '../values/ids.ts'
import { Currency } from '../values/money.ts'
import { SeatId } from '../values/seat.ts'
import { Instant } from '../values/text.ts'
import { StopReason } from './ticket.ts'
import { ZoneId } from './ticket-type.ts'

export const TICKET_NOT_FOUND = defineNotFound('TICKET')
export const TICKET_TYPE_NOT_FOUND = defineNotFound('TICKET_TYPE')
export const RESERVATION_NOT_FOUND = defineNotFound('RESERVATION')
export const TRANSFER_NOT_FOUND = defineNotFound('TRANSFER')
export const SEAT_NOT_FOUND = defineRefusal(
  'SEAT_NOT_FOUND',
  404,
  'there is no such seat at this event, or no ticket type sells it',
)

// Ticket types.
export const CURRENCY_MISMATCH = defineRefusal(
  'CURRENCY_MISMATCH',
  409,
  'this event sells in another currency',
  {
    currency: Currency,
  },
)
export const TOO_MANY_TYPES = defineRefusal(
  'LIMIT_EXCEEDED',
  409,
  'the event has the maximum number of ticket types',
)
export const SEATING_PLAN_MISSING = defineRefusal(
  'SEATING_PLAN_MISSING',
  409,
  'this event has no seating plan yet',
)
export const ZONE_TAKEN = defineRefusal('ZONE_TAKEN', 409, 'another ticket type already sells these zones', {
  zoneIds: z.array(ZoneId).optional(),
})
export const TICKET_TYPE_DELETED = defineRefusal(
  'TICKET_TYPE_DELETED',
  409,
  'the ticket type that this request created has since been deleted',
)
export const BELOW_SOLD = defineRefusal('BELOW_SOLD', 409, 'more tickets than that are sold or held', {
  sold: z.int().optional(),
  held: z.int().optional(),
})

// Reservations.
export const EVENT_NOT_ON_SALE = defineRefusal('EVENT_NOT_ON_SALE', 409, 'this event is not on sale')
export const RESERVATION_EXPIRED = defineRefusal('RESERVATION_EXPIRED', 409, 'this reservation has ended')
export const RESERVATION_IN_PAYMENT = defineRefusal(
  'RESERVATION_IN_PAYMENT',
  409,
  'this reservation is being paid for',
)
export const RESERVATION_COMPLETED = defineRefusal(
  'RESERVATION_COMPLETED',
  409,
  'this reservation is paid: its tickets are issued',
)
export const RESERVATION_NOT_EXTENDABLE = defineRefusal(
  'RESERVATION_NOT_EXTENDABLE',
  409,
  'this reservation cannot be extended any further',
  { expiresAt: Instant },
)
export const RESERVATION_ID_REUSED = defineRefusal(
  'RESERVATION_ID_REUSED',
  409,
  'this reservation id was used for another request',
)
export const ORDER_HAS_RESERVATION = defineRefusal(
  'ORDER_HAS_RESERVATION',
  409,
  'this order holds another reservation',
)

const notReserved = { reserved: z.literal(false).optional() }
const sold = {
  INSUFFICIENT_INVENTORY: defineRefusal(
    'INSUFFICIENT_INVENTORY',
    409,
    'not enough tickets are left',
    notReserved,
  ),
  SEATS_TAKEN: defineRefusal('SEATS_TAKEN', 409, 'these seats are taken', {
    ...notReserved,
    seatIds: z.array(SeatId).meta({ description: 'the taken ones' }),
  }),
  SALES_CLOSED: defineRefusal('SALES_CLOSED', 409, 'sales have not begun, or have ended', notReserved),
  LIMIT_EXCEEDED: defineRefusal('LIMIT_EXCEEDED', 409, 'this exceeds the limit per order or per person', {
    ...notReserved,
    reservationIds: z
      .array(ReservationId)
      .optional()
      .meta({ description: 'your current reservations of the event, which count' }),
  }),
  EVENT_NOT_ON_SALE: withFields(EVENT_NOT_ON_SALE, notReserved),
}
export const { INSUFFICIENT_INVENTORY, SEATS_TAKEN, SALES_CLOSED, LIMIT_EXCEEDED } = sold

/** Why nothing can be held at this moment. */
export const ReserveRefusal = z.enum(Object.keys(sold) as (keyof typeof sold)[])
export type ReserveRefusal = z.output<typeof ReserveRefusal>

/** Why nothing is held under a reservation's id. */
export const reserveRefusals = {
  ...sold,
  RESERVATION_EXPIRED: withFields(RESERVATION_EXPIRED, notReserved),
  RESERVATION_IN_PAYMENT: withFields(RESERVATION_IN_PAYMENT, notReserved),
  RESERVATION_ID_REUSED: withFields(RESERVATION_ID_REUSED, notReserved),
}

/** Why an order does not get a held reservation. */
export const claimRefusals = { RESERVATION_EXPIRED, RESERVATION_IN_PAYMENT, EVENT_NOT_ON_SALE }

// Tickets of an order.
export const TICKETS_ISSUED = defineRefusal(
  'TICKETS_ISSUED',
  409,
  'the tickets of this order are issued: cancel them instead',
)
export const TICKETS_USED = defineRefusal(
  'TICKETS_USED',
  409,
  'some of these tickets were used, transferred or refunded',
  {
    ticketIds: z.array(TicketId),
  },
)
export const TICKETS_CHANGED = defineRefusal(
  'TICKETS_CHANGED',
  409,
  'the tickets of this order are at another version by now',
)
export const ORDER_NOT_PRINTABLE = defineRefusal(
  'ORDER_NOT_PRINTABLE',
  409,
  'no PDF is made of so many tickets',
)
const notIssued = {
  confirmed: z.literal(false),
  outcome: z.enum(['REJECTED', 'CANCELLED']),
  reason: z.string(),
  detail: z.string().optional().meta({ description: 'for operators' }),
}
/** Why a paid order has no tickets, by outcome. */
export const notIssuedRefusals = {
  REJECTED: defineRefusal('ORDER_REJECTED', 409, 'this order cannot be honoured', notIssued),
  CANCELLED: defineRefusal('ORDER_CANCELLED', 409, 'this order was cancelled', notIssued),
}

// Tickets.
export const TICKET_STOPPED = defineRefusal(
  'TICKET_STOPPED',
  409,
  'this ticket is stopped: it is not valid until its organizer reinstates it',
)
export const TICKET_CANCELLED = defineRefusal('TICKET_CANCELLED', 409, 'this ticket was cancelled')
export const TICKET_TRANSFERRED = defineRefusal('TICKET_TRANSFERRED', 409, 'this ticket was transferred')
export const ALREADY_CHECKED_IN = defineRefusal('ALREADY_CHECKED_IN', 409, 'this ticket was already used')
export const EVENT_CANCELLED = defineRefusal('EVENT_CANCELLED', 409, 'the event is cancelled')
export const EVENT_OVER = defineRefusal('EVENT_OVER', 409, 'the event is over')
export const WRONG_EVENT = defineRefusal('WRONG_EVENT', 409, 'this ticket is for another event')

/** Why a ticket has no code to show. */
export const showRefusals = { TICKET_CANCELLED, TICKET_TRANSFERRED, TICKET_STOPPED }

/** For a stopped ticket, shown at the door. */
export const stopFields = {
  stoppedAt: Instant.optional().meta({ description: 'since when it is not valid' }),
  stopReason: StopReason.optional(),
  stopNote: z.string().optional().meta({ description: "the organizer's note" }),
}

/** Why the door refuses a ticket. */
export const checkInRefusals = {
  ALREADY_CHECKED_IN: withFields(ALREADY_CHECKED_IN, {
    checkedInAt: Instant.optional(),
    gate: z.string().optional(),
  }),
  TICKET_STOPPED: withFields(TICKET_STOPPED, stopFields),
  TICKET_CANCELLED,
  TICKET_TRANSFERRED,
  WRONG_EVENT,
  EVENT_CANCELLED,
  EVENT_OVER,
}
export type CheckInRefusal = keyof typeof checkInRefusals

// Transfers.
export const TICKET_NOT_TRANSFERABLE = defineRefusal(
  'TICKET_NOT_TRANSFERABLE',
  409,
  'this ticket is not valid any more',
)
export const TRANSFER_TO_SELF = defineRefusal('TRANSFER_TO_SELF', 409, 'this ticket is already yours')
export const TRANSFER_ENDED = defineRefusal(
  'TRANSFER_ENDED',
  409,
  'this ticket was already claimed, its transfer was cancelled, or the event is over',
)
export const TRANSFER_COMPLETED = defineRefusal(
  'TRANSFER_COMPLETED',
  409,
  'the transfer is complete: the ticket has a new holder',
)

/** Why a ticket cannot be transferred. */
export const transferRefusals = {
  TICKET_NOT_TRANSFERABLE,
  TICKET_STOPPED,
  TRANSFER_PENDING: defineRefusal(
    'TRANSFER_PENDING',
    409,
    'this ticket has a pending transfer: cancel that transfer first',
    { transferId: TransferId.optional() },
  ),
  TRANSFER_TO_SELF,
  EVENT_CANCELLED,
  EVENT_OVER,
}
export type TransferRefusal = keyof typeof transferRefusals

/** Why a transferred ticket cannot be claimed. */
export const claimTransferRefusals = {
  TRANSFER_ENDED,
  TRANSFER_TO_SELF,
  TICKET_NOT_TRANSFERABLE,
  TICKET_STOPPED,
}
export type ClaimTransferRefusal = keyof typeof claimTransferRefusals
