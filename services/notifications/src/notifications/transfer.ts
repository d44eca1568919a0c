import type { Message, ticketTransferOffered, ticketTransferred } from '@boxoffice/contracts'
import type { Wanted } from './notification.ts'
import { encodePayload } from './payloads.ts'

/** A ticket that changed hands: whoever has it now, and whoever let it go, each told of their own side. */
export function transferredOf({
  messageId,
  correlationId,
  payload,
}: Message<typeof ticketTransferred>): Wanted[] {
  const { eventId, ticketNumber, holderName, newTicketId, userId, recipientId } = payload
  // No order: it is the buyer's, who may be neither of them.
  const about = { messageId, correlationId, type: 'TICKET_TRANSFERRED', eventId } as const
  const received = encodePayload('TICKET_TRANSFERRED', { side: 'RECEIVED', eventId, newTicketId })
  const sent = encodePayload('TICKET_TRANSFERRED', { side: 'SENT', eventId, ticketNumber, holderName })
  return [
    { ...about, recipientId, payload: received },
    ...(userId === recipientId ? [] : [{ ...about, recipientId: userId, payload: sent }]),
  ]
}

/** A ticket that waits for whoever an address belongs to: nobody has proved yet that it is theirs. */
export function offeredOf({
  messageId,
  correlationId,
  payload,
}: Message<typeof ticketTransferOffered>): Wanted {
  const { eventId, transferId, senderName, holderName, recipientEmail } = payload
  return {
    messageId,
    correlationId,
    type: 'TICKET_TRANSFERRED',
    recipientId: null,
    address: recipientEmail,
    eventId,
    payload: encodePayload('TICKET_TRANSFERRED', {
      side: 'OFFERED',
      eventId,
      transferId,
      senderName,
      holderName,
    }),
  }
}
