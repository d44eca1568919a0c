import * as z from 'zod'
import { EventId, OrderId, TicketId, TicketTypeId, TransferId } from '../values/ids.ts'
import { Seat } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

export const TicketStatus = z.enum(['ACTIVE', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type TicketStatus = z.output<typeof TicketStatus>

/** Why a ticket was stopped: the bank refunded its charge, or the event's organizer stopped it. */
export const StopReason = z.enum(['DISPUTE_LOST', 'ORGANIZER'])
export type StopReason = z.output<typeof StopReason>

export const Ticket = z.object({
  ticketId: TicketId,
  ticketNumber: z.string().meta({ examples: ['TKT-2026-001234'] }),
  ticketTypeId: TicketTypeId,
  eventId: EventId,
  orderId: OrderId,
  holderName: z.string(),
  seat: Seat.optional(),
  status: TicketStatus,
  qrCode: z.string().meta({ description: "the URL of the code's image" }),
  transferId: TransferId.optional().meta({
    description: 'while its transfer to an unconfirmed address is pending',
  }),
  stoppedAt: Instant.optional().meta({
    description: 'since when it is stopped; its status stays ACTIVE',
  }),
  stopReason: StopReason.optional().meta({ description: 'with `stoppedAt`' }),
  createdAt: Instant,
})
export type Ticket = z.output<typeof Ticket>
