import {
  type EventId,
  isOver,
  type TicketId,
  type Transfer,
  type TransferId,
  type TransferStatus,
  type UserId,
} from '@boxoffice/contracts'
import type { EventPicture } from '../event-pictures/picture.ts'
import { isStopped, STOPPED, type StoredTicket } from '../tickets/ticket.ts'

/**
 * A ticket that is passed on. EXPIRED is not stored: it is what PENDING becomes when the event is cancelled
 * or over.
 */
export interface StoredTransfer {
  readonly transferId: TransferId
  readonly ticketId: TicketId
  readonly eventId: EventId
  readonly senderId: UserId
  readonly email: string
  readonly holderName: string
  readonly status: TransferStatus
  readonly createdAt: Date
  readonly endedAt: Date | null
  /** Of a COMPLETED one: whose ticket took its place. */
  readonly recipientId: UserId | null
  readonly newTicketId: TicketId | null
}

/** Why a ticket is not passed on. */
export interface NotTransferred {
  readonly error:
    | 'TICKET_NOT_TRANSFERABLE'
    | 'TICKET_STOPPED'
    | 'TRANSFER_PENDING'
    | 'TRANSFER_TO_SELF'
    | 'TRANSFER_ENDED'
    | 'EVENT_CANCELLED'
    | 'EVENT_OVER'
  readonly message: string
  /** Of TRANSFER_PENDING: which. */
  readonly transferId?: TransferId
}

export const stopped: NotTransferred = { error: 'TICKET_STOPPED', message: STOPPED }
export const toOneself: NotTransferred = {
  error: 'TRANSFER_TO_SELF',
  message: 'this ticket is yours already',
}

/** Why a ticket of an event cannot change hands at this moment, whoever it is for; null when it can. */
export function refusalOfTransfer(
  ticket: StoredTicket,
  picture: EventPicture,
  at: Date,
): NotTransferred | null {
  if (ticket.status !== 'ACTIVE') {
    const state = ticket.status.toLowerCase().replace('_', ' ')
    return { error: 'TICKET_NOT_TRANSFERABLE', message: `this ticket is ${state}` }
  }
  if (isStopped(ticket)) return stopped
  if (picture.status === 'CANCELLED') return { error: 'EVENT_CANCELLED', message: 'the event is cancelled' }
  if (picture.status === 'COMPLETED' || isOver(picture, at)) {
    return { error: 'EVENT_OVER', message: 'the event is over' }
  }
  if (ticket.transferId) {
    const message = 'this ticket waits to be claimed by somebody else: cancel that transfer first'
    return { error: 'TRANSFER_PENDING', message, transferId: ticket.transferId }
  }
  return null
}

/** A transfer as its sender sees it. */
export const transferView = ({
  senderId: _,
  recipientId: __,
  newTicketId: ___,
  endedAt,
  ...transfer
}: StoredTransfer): Transfer => ({
  ...transfer,
  ...(endedAt && { endedAt }),
})
