import type { Ticket } from '@boxoffice/contracts'
import { whatMoved } from '../announcements/announcement.ts'
import { ticketsOf } from '../limits/by-others.ts'
import { eventCancelledMail } from '../mails/event-cancelled.ts'
import { eventReminderMail } from '../mails/event-reminder.ts'
import { eventUpdatedMail } from '../mails/event-updated.ts'
import { ticketOfferedMail } from '../mails/ticket-offered.ts'
import { ticketReceivedMail, ticketSentMail } from '../mails/ticket-transferred.ts'
import { ticketsReceivedMail } from '../mails/tickets-received.ts'
import { isOfSeveral, type PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import { isMoved } from '../reminders/reminder.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import type { UnsubscribeLinksOf } from '../unsubscribing/links.ts'
import { ticketFiles } from './attachments.ts'
import type { Ended } from './composition.ts'
import { type About, getEvent, type Loaded, type Loaders } from './content.ts'

type EventTypes = 'EVENT_UPDATED' | 'EVENT_CANCELLED' | 'EVENT_REMINDER' | 'TICKET_TRANSFERRED'
type Side<S> = Extract<PayloadOf<'TICKET_TRANSFERRED'>, { side: S }>

interface EventDeps {
  peers: Peers
  publicUrl: string
  unsubscribeLinksOf: UnsubscribeLinksOf
  now: () => Date
  reminderLeadMs: number
}

/** Creates loaders of mails about an event and its tickets, to their holders. */
export function createEventLoaders(deps: EventDeps): Loaders<EventTypes> {
  const { peers, now } = deps
  return {
    async EVENT_UPDATED({ eventId, changed }, about) {
      // Loads the current event, even if it has changed again since.
      const [event, held] = await Promise.all([getEvent(peers, eventId), heldBy(peers, eventId, about)])
      if (event.status === 'CANCELLED') return { obsolete: 'EVENT_CANCELLED' }
      if (held?.ticketCount === 0) return { obsolete: 'NO_TICKETS' }
      const refundableUntil =
        event.refundableUntil && event.refundableUntil > now() ? event.refundableUntil : null
      const { reader } = about
      return {
        facts: { ...event, refundableUntil },
        event,
        write: async () => ({
          mail: eventUpdatedMail({ reader, event, moved: whatMoved(changed), refundableUntil }),
        }),
      }
    },
    async EVENT_CANCELLED({ eventId, cancellationReason }, { reader }) {
      const event = await getEvent(peers, eventId)
      return {
        facts: event,
        event,
        write: async () => ({ mail: eventCancelledMail({ reader, event, cancellationReason }) }),
      }
    },
    async EVENT_REMINDER({ eventId, eventDate }, about) {
      const [event, held] = await Promise.all([getEvent(peers, eventId), heldBy(peers, eventId, about)])
      if (event.status !== 'PUBLISHED') return { obsolete: 'EVENT_CANCELLED' }
      if (event.eventDate <= now()) return { obsolete: 'EVENT_BEGAN' }
      if (isMoved(eventDate, event.eventDate, deps.reminderLeadMs)) return { obsolete: 'EVENT_MOVED' }
      // Holders of stopped tickets alone are not reminded.
      if (held && held.ticketCount === held.stoppedCount) return { obsolete: 'NO_TICKETS' }
      return {
        facts: event,
        event,
        write: async () => ({ mail: eventReminderMail({ reader: about.reader, event }) }),
      }
    },
    async TICKET_TRANSFERRED(transfer, { reader, address }) {
      if (transfer.side === 'RECEIVED') {
        return isOfSeveral(transfer)
          ? loadAllReceived(deps, transfer, reader)
          : loadReceived(peers, transfer, reader)
      }
      if (transfer.side === 'OFFERED') return loadOffer(deps, transfer, address)
      const event = await getEvent(peers, transfer.eventId)
      return {
        facts: event,
        event,
        write: async () => ({ mail: ticketSentMail({ ...transfer, reader, event }) }),
      }
    },
  }
}

/**
 * Returns how many valid tickets a user holds and how many are stopped; null if another service chose the
 * recipient.
 */
async function heldBy(
  peers: Peers,
  eventId: PayloadOf<'EVENT_UPDATED'>['eventId'],
  { recipientId, requested }: About,
) {
  if (recipientId === null || requested) return null
  const answer = await peers.tickets.countHeldTickets({ params: { eventId, userId: recipientId } })
  return answer.body
}

async function loadReceived(
  peers: Peers,
  { eventId, newTicketId: ticketId }: Side<'RECEIVED'>,
  reader: About['reader'],
): Promise<Loaded | Ended> {
  const [event, answer] = await Promise.all([
    getEvent(peers, eventId),
    peers.tickets.getTicketInfo({ params: { ticketId } }),
  ])
  if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
  if (answer.status !== 200 || !isGivenOut(answer.body)) return { dropped: 'TICKETS_NOT_VALID' }
  const { ticketNumber, holderName, seat } = answer.body
  return {
    facts: { ...event, ticketNumber, holderName, seat },
    event,
    async write() {
      const files = await ticketFiles(peers, { ticketId, ticketNumber })
      if (!files) return { changed: true }
      const attached = { codeCid: files.code.cid, pdfName: files.pdf.filename }
      return {
        mail: ticketReceivedMail({
          reader,
          event,
          ticketNumber,
          holderName,
          ...(seat && { seat }),
          attached,
        }),
        attachments: [files.code, files.pdf],
      }
    },
  }
}

/**
 * Loads several tickets that one user received, perhaps of several events. Their codes are only in the
 * reader's account.
 */
async function loadAllReceived(
  { peers, publicUrl }: EventDeps,
  transfer: Side<'RECEIVED'>,
  reader: About['reader'],
): Promise<Loaded | Ended> {
  const answer = await peers.tickets.getTicketInfos({ body: { ticketIds: ticketsOf(transfer) } })
  const given = answer.body.tickets.filter(isGivenOut)
  const eventIds = [...new Set(given.map(({ eventId }) => eventId))]
  const events = new Map(
    await Promise.all(eventIds.map(async (eventId) => [eventId, await getEvent(peers, eventId)] as const)),
  )
  const tickets = given.flatMap(({ eventId, ticketNumber, holderName, seat }) => {
    const event = events.get(eventId)
    return !event || event.status === 'CANCELLED'
      ? []
      : [{ event, ticketNumber, holderName, ...(seat && { seat }) }]
  })
  const [first] = tickets
  if (!first) return { dropped: 'TICKETS_NOT_VALID' }
  const url = new URL('/', publicUrl).href
  return {
    facts: { tickets },
    event: first.event,
    write: async () => ({ mail: ticketsReceivedMail({ reader, tickets, url }) }),
  }
}

/** Whether the ticket service issues its code. */
const isGivenOut = ({ status, stoppedAt }: Ticket) =>
  status === 'CHECKED_IN' || (status === 'ACTIVE' && stoppedAt === undefined)

const LOCALE_OF_STRANGERS = 'en'

/** Loads an offer to an unconfirmed address, as long as it can be claimed. */
async function loadOffer(
  { peers, publicUrl, unsubscribeLinksOf }: EventDeps,
  { eventId, transferId, holderName, senderName }: Side<'OFFERED'>,
  address: string | null,
): Promise<Loaded | Ended> {
  // Old offers without an id cannot be claimed.
  if (!transferId || address === null) return { obsolete: 'TRANSFER_ENDED' }
  const [event, transfer] = await Promise.all([
    getEvent(peers, eventId),
    peers.tickets.getTransferInfo({ params: { transferId } }),
  ])
  if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
  if (transfer.status !== 200 || transfer.body.status !== 'PENDING') return { obsolete: 'TRANSFER_ENDED' }
  const { claimToken } = transfer.body
  if (!claimToken) throw new Error(`transfer ${transferId} has no secret yet`) // an older ticket service
  const url = new URL(`/claim-ticket#token=${encodeURIComponent(claimToken)}`, publicUrl).href
  const optOutUrl = unsubscribeLinksOf({ addressHash: addressHashOf(address) }).page
  const offer = {
    event,
    locale: LOCALE_OF_STRANGERS,
    holderName,
    senderName: senderName ?? null,
    url,
    optOutUrl,
  }
  return { facts: event, event, write: async () => ({ mail: ticketOfferedMail(offer) }) }
}
