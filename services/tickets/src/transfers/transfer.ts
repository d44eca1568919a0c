import {
  isOver,
  TICKET_STOPPED,
  type Transfer,
  type TransferId,
  type TransferRefusal,
  type TransferStatus,
  type UserId,
} from '@boxoffice/contracts'
import type { EventReplica } from '../event-replicas/replica.ts'
import type { TicketTransferRow } from '../rows.ts'
import { isStopped, type StoredTicket } from '../tickets/ticket.ts'

/**
 * A transfer of a ticket. EXPIRED is not stored: a PENDING transfer shows as EXPIRED once its event is
 * cancelled or over.
 */
export interface StoredTransfer
  extends Pick<
    TicketTransferRow,
    | 'transferId'
    | 'ticketId'
    | 'eventId'
    | 'senderId'
    | 'holderName'
    | 'createdAt'
    | 'endedAt'
    | 'newTicketId'
  > {
  readonly email: string
  readonly status: TransferStatus
  /** For a COMPLETED transfer: the owner of the replacement ticket. */
  readonly recipientId: UserId | null
}

/** Why a ticket cannot be transferred. */
export interface NotTransferred {
  readonly error: TransferRefusal
  readonly message: string
  /** For TRANSFER_PENDING: the pending transfer. */
  readonly transferId?: TransferId
}

export const stopped = { error: 'TICKET_STOPPED', message: TICKET_STOPPED.message } as const
export const toOneself = { error: 'TRANSFER_TO_SELF', message: 'this ticket is already yours' } as const

/** Returns why a ticket of an event cannot be transferred now, to any recipient; null when it can. */
export function refusalOfTransfer(
  ticket: StoredTicket,
  replica: EventReplica,
  at: Date,
): NotTransferred | null {
  if (ticket.status !== 'ACTIVE') {
    const state = ticket.status.toLowerCase().replace('_', ' ')
    return { error: 'TICKET_NOT_TRANSFERABLE', message: `this ticket is ${state}` }
  }
  if (isStopped(ticket)) return stopped
  if (replica.status === 'CANCELLED') return { error: 'EVENT_CANCELLED', message: 'the event is cancelled' }
  if (replica.status === 'COMPLETED' || isOver(replica, at)) {
    return { error: 'EVENT_OVER', message: 'the event is over' }
  }
  if (ticket.transferId) {
    const message = 'this ticket is waiting to be claimed by another person: cancel that transfer first'
    return { error: 'TRANSFER_PENDING', message, transferId: ticket.transferId }
  }
  return null
}

/** Maps a transfer to the API, as its sender sees it. */
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
