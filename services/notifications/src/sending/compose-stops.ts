import type { Ticket } from '@boxoffice/contracts'
import type { Mail, Reader, ShownEvent } from '../mails/mail.ts'
import { ticketsReinstatedMail, ticketsStandingMail, ticketsStoppedMail } from '../mails/tickets-stopped.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import { getEvent, type Looks } from './content.ts'

type Told = PayloadOf<'TICKETS_STOPPED'>
type Standing = Pick<Ticket, 'ticketNumber' | 'stopReason'> & { isStopped: boolean }

/** Mails about tickets that are stopped, or are no more, to who holds them: of those that are so now. */
export const createStopLooks = (peers: Peers): Looks<'TICKETS_STOPPED'> => ({
  async TICKETS_STOPPED(told, { reader }) {
    const { eventId, ticketIds } = told
    const [event, answer] = await Promise.all([
      getEvent(peers, eventId),
      peers.tickets.getTicketInfos({ body: { ticketIds } }),
    ])
    if (event.status === 'CANCELLED') return { pointless: 'EVENT_CANCELLED' }
    const tickets = answer.body.tickets
      .filter(({ status }) => status === 'ACTIVE')
      .map(({ ticketNumber, stoppedAt, stopReason }) => ({
        ticketNumber,
        stopReason,
        isStopped: stoppedAt !== undefined,
      }))
      .filter(({ isStopped }) => told.state === 'CHANGED' || isStopped === (told.state === 'STOPPED'))
      .sort((one, other) => (one.ticketNumber < other.ticketNumber ? -1 : 1))
    if (tickets.length === 0) return { pointless: 'TICKETS_NOT_VALID' }
    return {
      facts: { ...event, tickets },
      event,
      write: async () => ({ mail: mailOf(told, tickets, { reader, event }) }),
    }
  },
})

function mailOf(
  told: Told,
  tickets: readonly Standing[],
  about: { reader: Reader; event: ShownEvent },
): Mail {
  const ticketNumbers = tickets.map(({ ticketNumber }) => ticketNumber)
  const reasons = [...new Set(tickets.flatMap(({ stopReason }) => stopReason ?? []))]
  if (!tickets.some(({ isStopped }) => isStopped)) return ticketsReinstatedMail({ ...about, ticketNumbers })
  if (told.state === 'STOPPED') return ticketsStoppedMail({ ...about, ticketNumbers, reason: told.reason })
  const [reason] = reasons
  if (reasons.length === 1 && reason && tickets.every(({ isStopped }) => isStopped))
    return ticketsStoppedMail({ ...about, ticketNumbers, reason })
  return ticketsStandingMail({ ...about, tickets, reasons })
}
