import type {
  Minor,
  RefundId,
  Seat,
  StopReason,
  Ticket,
  TicketId,
  TicketStatus,
  TransferId,
} from '@boxoffice/contracts'
import type { TicketRow } from '../rows.ts'

export interface StoredTicket
  extends Pick<
    TicketRow,
    | 'ticketId'
    | 'ticketNumber'
    | 'orderId'
    | 'ticketTypeId'
    | 'eventId'
    | 'userId'
    | 'holderName'
    | 'currency'
    | 'codeVersion'
    | 'version'
    | 'createdAt'
  > {
  /** Null for general admission. */
  readonly seat: Seat | null
  readonly unitPrice: Minor
  readonly status: TicketStatus
  /**
   * Since when it admits nobody, and why; null while it is not stopped. One that was cancelled while it was
   * keeps them.
   */
  readonly stoppedAt: Date | null
  readonly stopReason: StopReason | null
  /** The organizer's words, for people at the door. */
  readonly stopNote: string | null
  /** The ticket as it was issued in the order: this one, until it changes hands. */
  readonly rootTicketId: TicketId
  /** The refund that gave its price back; on the ticket as it was issued. */
  readonly refundId: RefundId | null
  /** While it is offered to an address where nobody has claimed it yet. */
  readonly transferId: TransferId | null
}

type Standing = Pick<StoredTicket, 'status' | 'stoppedAt' | 'stopReason'>

/** Whether a ticket that would admit admits nobody for now. */
export const isStopped = ({ status, stoppedAt }: Standing) => status === 'ACTIVE' && stoppedAt !== null

/** Whether a ticket is worth a picture of its code. */
export const isValid = (ticket: StoredTicket) =>
  (ticket.status === 'ACTIVE' && !isStopped(ticket)) || ticket.status === 'CHECKED_IN'

/** Since when a ticket is stopped, and why; nothing of one that is not. */
export const stopView = ({ stoppedAt, stopReason, ...ticket }: Standing) =>
  isStopped({ ...ticket, stoppedAt, stopReason }) && stoppedAt && stopReason ? { stoppedAt, stopReason } : {}

/** The URL of the picture of a ticket's code. */
export const qrCodeUrl = (publicUrl: string, ticketId: TicketId) =>
  `${publicUrl}/api/tickets/${ticketId}/qr.png`

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
  ...stopView(ticket),
  createdAt: ticket.createdAt,
})
