import type { Ticket } from '@boxoffice/contracts'
import { ticketsReinstatedMail, ticketsStoppedMail } from '../mails/tickets-stopped.ts'
import { getEvent, type Looks } from './content.ts'
import type { Peers } from './peers.ts'

/** Mails about tickets that are stopped, or are no more, to who holds them: of those that are so now. */
export const createStopLooks = (peers: Peers): Looks<'TICKETS_STOPPED'> => ({
  async TICKETS_STOPPED(told, { reader }) {
    const { eventId, ticketIds } = told
    const [event, answer] = await Promise.all([getEvent(peers, eventId), peers.tickets.getTicketInfos({ body: { ticketIds } })])
    if (event.status === 'CANCELLED') return { pointless: 'EVENT_CANCELLED' }
    const isSo = ({ status, stoppedAt }: Ticket) =>
      status === 'ACTIVE' && (stoppedAt !== undefined) === (told.state === 'STOPPED')
    const ticketNumbers = answer.body.tickets.flatMap((ticket) => (isSo(ticket) ? [ticket.ticketNumber] : [])).sort()
    if (ticketNumbers.length === 0) return { pointless: 'TICKETS_NOT_VALID' }
    const about = { reader, event, ticketNumbers }
    const mail = () =>
      told.state === 'STOPPED' ? ticketsStoppedMail({ ...about, reason: told.reason }) : ticketsReinstatedMail(about)
    return { facts: { ...event, ticketNumbers }, event, write: async () => ({ mail: mail() }) }
  },
})
