import type { Ticket } from '@boxoffice/contracts'
import type { Mail, Reader, ShownEvent } from '../mails/mail.ts'
import { ticketsChangedMail, ticketsReinstatedMail, ticketsStoppedMail } from '../mails/tickets-stopped.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import { getEvent, type Loaders } from './content.ts'

type StopPayload = PayloadOf<'TICKETS_STOPPED'>
type TicketState = Pick<Ticket, 'ticketNumber' | 'stopReason'> & { isStopped: boolean }

/**
 * Creates loaders of mails about stopped and reinstated tickets, to their holder, about those still in that
 * state.
 */
export const createStopLoaders = (peers: Peers): Loaders<'TICKETS_STOPPED'> => ({
  async TICKETS_STOPPED(payload, { reader }) {
    const { eventId, ticketIds } = payload
    const [event, answer] = await Promise.all([
      getEvent(peers, eventId),
      peers.tickets.getTicketInfos({ body: { ticketIds } }),
    ])
    if (event.status === 'CANCELLED') return { obsolete: 'EVENT_CANCELLED' }
    const tickets = answer.body.tickets
      .filter(({ status }) => status === 'ACTIVE')
      .map(({ ticketNumber, stoppedAt, stopReason }) => ({
        ticketNumber,
        stopReason,
        isStopped: stoppedAt !== undefined,
      }))
      .filter(({ isStopped }) => payload.state === 'CHANGED' || isStopped === (payload.state === 'STOPPED'))
      .sort((one, other) => (one.ticketNumber < other.ticketNumber ? -1 : 1))
    if (tickets.length === 0) return { obsolete: 'TICKETS_NOT_VALID' }
    return {
      facts: { ...event, tickets },
      event,
      write: async () => ({ mail: mailOf(payload, tickets, { reader, event }) }),
    }
  },
})

function mailOf(
  payload: StopPayload,
  tickets: readonly TicketState[],
  about: { reader: Reader; event: ShownEvent },
): Mail {
  const ticketNumbers = tickets.map(({ ticketNumber }) => ticketNumber)
  const reasons = [...new Set(tickets.flatMap(({ stopReason }) => stopReason ?? []))]
  if (!tickets.some(({ isStopped }) => isStopped)) return ticketsReinstatedMail({ ...about, ticketNumbers })
  if (payload.state === 'STOPPED')
    return ticketsStoppedMail({ ...about, ticketNumbers, reason: payload.reason })
  const [reason] = reasons
  if (reasons.length === 1 && reason && tickets.every(({ isStopped }) => isStopped))
    return ticketsStoppedMail({ ...about, ticketNumbers, reason })
  return ticketsChangedMail({ ...about, tickets, reasons })
}
