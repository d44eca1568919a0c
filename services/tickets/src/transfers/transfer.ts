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
 * A ticket that is passed on. EXPIRED is not stored: it is what PENDING becomes when the event is cancelled
 * or over.
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
  /** Of a COMPLETED one: whose ticket took its place. */
  readonly recipientId: UserId | null
}

/** Why a ticket is not passed on. */
export interface NotTransferred {
  readonly error: TransferRefusal
  readonly message: string
  /** Of TRANSFER_PENDING: which. */
  readonly transferId?: TransferId
}

export const stopped = { error: 'TICKET_STOPPED', message: TICKET_STOPPED.message } as const
export const toOneself = { error: 'TRANSFER_TO_SELF', message: 'this ticket is yours already' } as const

/** Why a ticket of an event cannot change hands at this moment, whoever it is for; null when it can. */
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
