import type { Message, ticketTransferOffered, ticketTransferred } from '@boxoffice/contracts'
import type { NotificationDraft } from './notification.ts'
import { encodePayload } from './payloads.ts'

/**
 * The notifications of a transfer: one to the new holder and one to the previous one, each about their own
 * side.
 */
export function transferredOf({
  messageId,
  correlationId,
  payload,
}: Message<typeof ticketTransferred>): NotificationDraft[] {
  const { eventId, ticketNumber, holderName, newTicketId, userId, recipientId } = payload
  // Without the order, which belongs to the buyer, perhaps a third person.
  const about = { messageId, correlationId, type: 'TICKET_TRANSFERRED', eventId } as const
  const received = encodePayload('TICKET_TRANSFERRED', { side: 'RECEIVED', eventId, newTicketId })
  const sent = encodePayload('TICKET_TRANSFERRED', { side: 'SENT', eventId, ticketNumber, holderName })
  return [
    { ...about, recipientId, payload: received },
    ...(userId === recipientId ? [] : [{ ...about, recipientId: userId, payload: sent }]),
  ]
}

/** The notification of an offered ticket, to an address that is not confirmed yet. */
export function offeredOf({
  messageId,
  correlationId,
  payload,
}: Message<typeof ticketTransferOffered>): NotificationDraft {
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
