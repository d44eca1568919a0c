import type {
  Currency,
  EventId,
  Minor,
  OrderId,
  RefundId,
  Seat,
  Ticket,
  TicketId,
  TicketStatus,
  TicketTypeId,
  TransferId,
  UserId,
} from '@boxoffice/contracts'

export interface StoredTicket {
  readonly ticketId: TicketId
  readonly ticketNumber: string
  readonly orderId: OrderId
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly userId: UserId
  readonly holderName: string
  /** Null for general admission. */
  readonly seat: Seat | null
  readonly unitPrice: Minor
  readonly currency: Currency
  readonly status: TicketStatus
  readonly codeVersion: number
  readonly version: number
  readonly createdAt: Date
  /** The ticket as it was issued in the order: this one, until it changes hands. */
  readonly rootTicketId: TicketId
  /** The refund that gave its price back; on the ticket as it was issued. */
  readonly refundId: RefundId | null
  /** While it is offered to an address where nobody has claimed it yet. */
  readonly transferId: TransferId | null
}

/** Whether a ticket is worth a picture of its code. */
export const isValid = ({ status }: StoredTicket) => status === 'ACTIVE' || status === 'CHECKED_IN'

/** The URL of the picture of a ticket's code. */
export const qrCodeUrl = (publicUrl: string, ticketId: TicketId) => `${publicUrl}/api/tickets/${ticketId}/qr.png`

export const ticketView = (ticket: StoredTicket, publicUrl: string): Ticket => ({
  ticketId: ticket.ticketId,
  ticketNumber: ticket.ticketNumber,
  ticketTypeId: ticket.ticketTypeId,
  eventId: ticket.eventId,
  orderId: ticket.orderId,
  holderName: ticket.holderName,
  ...(ticket.seat && { seat: ticket.seat }),
  status: ticket.status,
  qrCode: qrCodeUrl(publicUrl, ticket.ticketId),
  ...(ticket.transferId && { transferId: ticket.transferId }),
  createdAt: ticket.createdAt,
})
