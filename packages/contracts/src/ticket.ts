import { z } from 'zod'
import { EventId, OrderId, TicketId, TicketTypeId, TransferId } from './ids.ts'
import { Seat } from './seat.ts'
import { Instant } from './text.ts'

export const TicketStatus = z.enum(['ACTIVE', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type TicketStatus = z.output<typeof TicketStatus>

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
  transferId: TransferId.optional().meta({ description: 'while it is offered to an address that nobody has confirmed yet' }),
  createdAt: Instant,
})
export type Ticket = z.output<typeof Ticket>
