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
   * Since when and why it does not admit; null while not stopped. A ticket that was cancelled while stopped
   * keeps these.
   */
  readonly stoppedAt: Date | null
  readonly stopReason: StopReason | null
  /** The organizer's note, for staff at the door. */
  readonly stopNote: string | null
  /** The ticket as issued in the order: this one, unless it replaced another in a transfer. */
  readonly rootTicketId: TicketId
  /** The refund that paid for it back; stored on the ticket as issued. */
  readonly refundId: RefundId | null
  /** Set while the ticket is offered to an address and not claimed yet. */
  readonly transferId: TransferId | null
}

type StopState = Pick<StoredTicket, 'status' | 'stoppedAt' | 'stopReason'>

/** Returns whether an otherwise valid ticket is stopped from admitting. */
export const isStopped = ({ status, stoppedAt }: StopState) => status === 'ACTIVE' && stoppedAt !== null

/** Returns whether an image of the ticket's code is available. */
export const isValid = (ticket: StoredTicket) =>
  (ticket.status === 'ACTIVE' && !isStopped(ticket)) || ticket.status === 'CHECKED_IN'

/** Returns since when and why a ticket is stopped; empty if it is not. */
export const stopView = ({ stoppedAt, stopReason, ...ticket }: StopState) =>
  isStopped({ ...ticket, stoppedAt, stopReason }) && stoppedAt && stopReason ? { stoppedAt, stopReason } : {}

/** Returns the URL of the image of a ticket's code. */
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
