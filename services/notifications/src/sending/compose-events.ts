import { whatMoved } from '../announcements/announcement.ts'
import { eventCancelledMail } from '../mails/event-cancelled.ts'
import { eventUpdatedMail } from '../mails/event-updated.ts'
import { ticketOfferedMail, ticketReceivedMail, ticketSentMail } from '../mails/ticket-transferred.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import { ticketFiles } from './attachments.ts'
import { type Composers, type Content, getEvent } from './content.ts'
import type { Peers } from './peers.ts'

type EventTypes = 'EVENT_UPDATED' | 'EVENT_CANCELLED' | 'TICKET_TRANSFERRED'
type Received = Extract<PayloadOf<'TICKET_TRANSFERRED'>, { side: 'RECEIVED' }>
type Offered = Extract<PayloadOf<'TICKET_TRANSFERRED'>, { side: 'OFFERED' }>

/** Mails about an event and its tickets, to whoever holds them. */
export const createEventComposers = (peers: Peers, { now }: { now: () => Date }): Composers<EventTypes> => ({
  async EVENT_UPDATED({ eventId, changed }, reader) {
    // As it is now, however many changes ago this was written.
    const event = await getEvent(peers, eventId)
    if (event.status === 'CANCELLED') return { pointless: 'EVENT_CANCELLED' }
    const refundableUntil = event.refundableUntil && event.refundableUntil > now() ? event.refundableUntil : null
    return { mail: eventUpdatedMail({ reader, event, moved: whatMoved(changed), refundableUntil }) }
  },
  async EVENT_CANCELLED({ eventId, cancellationReason }, reader) {
    return { mail: eventCancelledMail({ reader, event: await getEvent(peers, eventId), cancellationReason }) }
  },
  async TICKET_TRANSFERRED(transfer, reader) {
    const event = await getEvent(peers, transfer.eventId)
    if (transfer.side === 'SENT') return { mail: ticketSentMail({ ...transfer, reader, event }) }
    if (transfer.side === 'OFFERED') throw new Error('an offer goes to an address, not to a user')
    if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
    return receivedContent(peers, transfer, { reader, event })
  },
})

async function receivedContent(
  peers: Peers,
  { newTicketId: ticketId }: Received,
  about: Pick<Parameters<typeof ticketReceivedMail>[0], 'reader' | 'event'>,
): Promise<Content> {
  const answer = await peers.tickets.getTicketInfo({ params: { ticketId } })
  if (answer.status !== 200) return { dropped: 'TICKETS_NOT_VALID' }
  const { ticketNumber, holderName, seat } = answer.body
  const [files] = await ticketFiles([{ ticketId, ticketNumber }], peers, Number.POSITIVE_INFINITY)
  if (typeof files !== 'object') return { dropped: 'TICKETS_NOT_VALID' }
  const attached = { codeCid: files.code.cid, pdfName: files.pdf.filename }
  return {
    mail: ticketReceivedMail({ ...about, ticketNumber, holderName, ...(seat && { seat }), attached }),
    attachments: [files.code, files.pdf],
  }
}

const LOCALE_OF_STRANGERS = 'en'

/** A mail to an address that nobody has proved to be theirs. */
export async function offerContent(peers: Peers, publicUrl: string, offer: Offered): Promise<Content> {
  const event = await getEvent(peers, offer.eventId)
  if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
  const { holderName, senderName = null } = offer
  const url = new URL('/', publicUrl).href
  return { mail: ticketOfferedMail({ event, locale: LOCALE_OF_STRANGERS, holderName, senderName, url }) }
}
