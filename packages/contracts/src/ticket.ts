import { z } from 'zod'
import { EventId, OrderId, TicketId, TicketTypeId, TransferId } from './ids.ts'
import { Instant } from './text.ts'

/** `"<zoneId>-<rowLabel>-<colLabel>"`, e.g. `1-A-12`. */
export const SeatId = z
  .string()
  .regex(/^[1-9]\d{0,2}-[A-Za-z0-9]{1,8}-[A-Za-z0-9]{1,8}$/, 'must be a seat such as 1-A-12')
  .brand<'SeatId'>()
export type SeatId = z.output<typeof SeatId>
export const Seat = z.object({ zoneId: z.int().positive(), rowLabel: z.string().max(12), colLabel: z.string().max(12) })
export type Seat = z.output<typeof Seat>

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
