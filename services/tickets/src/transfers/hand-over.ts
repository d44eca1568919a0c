import { type TicketId, ticketTransferred } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { StoredTicket } from '../tickets/ticket.ts'
import { replaceTicket } from '../tickets/ticket-repository.ts'
import type { Recipient } from './recipients.ts'
import type { StoredTransfer } from './transfer.ts'
import { completeTransfer } from './transfer-repository.ts'

/**
 * Replaces the locked ticket of a PENDING transfer by one of the recipient; returns its id. The order must be
 * locked too.
 */
export async function handOver(
  { append, newId }: { append: Append; newId: () => string },
  tx: Tx,
  { transferId, holderName }: Pick<StoredTransfer, 'transferId' | 'holderName'>,
  ticket: StoredTicket,
  recipient: Recipient,
): Promise<TicketId> {
  const newTicketId = newId() as TicketId
  const { version } = await replaceTicket(tx, ticket.ticketId, {
    ticketId: newTicketId,
    userId: recipient.userId,
    holderName,
  })
  await completeTransfer(tx, transferId, { recipientId: recipient.userId, newTicketId })
  const { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId } = ticket
  await append(
    tx,
    ticketTransferred,
    {
      ...{ ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId, newTicketId, holderName },
      recipientId: recipient.userId,
      recipientEmail: recipient.email,
    },
    { aggregateVersion: version },
  )
  return newTicketId
}
