import {
  ALREADY_CHECKED_IN,
  TICKET_CANCELLED,
  TICKET_NOT_FOUND,
  TICKET_TRANSFERRED,
  type TicketId,
  type ticketsRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { type Handlers, RefusedError, refuse, refuseUnknown, type SqlDatabase } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { findReplica } from '../event-replicas/replica-repository.ts'
import { type StoredTicket, ticketView } from '../tickets/ticket.ts'
import { findTicket } from '../tickets/ticket-repository.ts'
import { findPolicy, savePolicy } from './dispute-repository.ts'
import type { Stops } from './stops.ts'

interface Deps {
  config: Pick<Config, 'publicUrl'>
  db: SqlDatabase
  stops: Stops
}

type StopRoutes = Pick<
  typeof ticketsRoutes,
  'stopTicket' | 'reinstateTicket' | 'getDisputePolicy' | 'putDisputePolicy'
>

/**
 * Handlers for stopping tickets of the caller's own events; tickets of other events are answered as not
 * found.
 */
export function stopHandlers(deps: Deps): Handlers<StopRoutes> {
  const sql = deps.db

  async function getOfOwnEvent(ticketId: TicketId, userId: UserId): Promise<StoredTicket> {
    const ticket = await findTicket(sql, ticketId)
    const replica = ticket && (await findReplica(sql, ticket.eventId))
    if (replica?.organizerId !== userId) throw new RefusedError(refuseUnknown(TICKET_NOT_FOUND, ticketId))
    return ticket as StoredTicket
  }

  const answer = (ticket: StoredTicket) => ({
    status: 200 as const,
    body: ticketView(ticket, deps.config.publicUrl),
  })

  return {
    stopTicket: async ({ params: { ticketId }, body, principal }) => {
      const ticket = await getOfOwnEvent(ticketId, principal.userId)
      const result = await deps.db.transact((tx) => deps.stops.stop(tx, ticket, body.note ?? null))
      if (result.outcome === 'done') return answer(result.ticket)
      return refuse(refusals[result.status], { message: messageOf(result.status) })
    },
    reinstateTicket: async ({ params: { ticketId }, principal }) => {
      const ticket = await getOfOwnEvent(ticketId, principal.userId)
      const result = await deps.db.transact((tx) => deps.stops.reinstate(tx, ticket))
      if (result.outcome === 'done') return answer(result.ticket)
      return refuse(refusals[result.status], { message: messageOf(result.status) })
    },
    getDisputePolicy: async ({ principal }) => ({
      status: 200,
      body: await findPolicy(sql, principal.userId),
    }),
    putDisputePolicy: async ({ body, principal }) => {
      await savePolicy(sql, principal.userId, body)
      return { status: 200, body }
    },
  }
}

const refusals = {
  CHECKED_IN: ALREADY_CHECKED_IN,
  CANCELLED: TICKET_CANCELLED,
  TRANSFERRED: TICKET_TRANSFERRED,
}
const messageOf = (status: keyof typeof refusals) =>
  `this ticket is already ${status.toLowerCase().replace('_', ' ')}`
