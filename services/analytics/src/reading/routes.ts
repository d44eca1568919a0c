import {
  type Currency,
  type EventId,
  type Minor,
  SERVICE_UNAVAILABLE,
  TICKET_NOT_FOUND,
  ticketQueryRoutes,
  VENUE_NOT_FOUND,
  type VenueId,
} from '@boxoffice/contracts'
import { checkDatabase, type Handlers, refuse, refuseUnknown, type SqlDatabase } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Lag } from '../lag/lag.ts'
import type { EventAccess } from './event-access.ts'
import { isAdmin, isOwn } from './event-access.ts'
import type { TicketReads } from './ticket-reads.ts'
import { ticketCursor } from './ticket-reads.ts'

interface Deps {
  access: EventAccess
  config: Config
  db: SqlDatabase
  lag: Lag
  sales: {
    soldCountOf(eventId: EventId): Promise<number>
    revenueAt(
      eventId: EventId,
      venueId: VenueId,
    ): Promise<{ revenue: Minor; currency: Currency | null } | null>
  }
  tickets: TicketReads
}

/** The queries of `GET /api/v1/health`, with paths as in the documentation. */
const endpoints = [
  ...new Set(
    Object.values(ticketQueryRoutes)
      .filter((route) => route !== ticketQueryRoutes.getQueryHealth)
      .map(({ path }) => path.replace(/:(\w+)/g, '{$1}')),
  ),
]

export function ticketQueryHandlers(deps: Deps): Handlers<typeof ticketQueryRoutes> {
  const { access, tickets, sales, lag, config } = deps
  return {
    async listSoldTickets({ query: { eventId, limit, cursor }, principal }) {
      if (eventId) await access.getOwn(eventId, principal)
      const request = { limit, after: ticketCursor.decode(cursor) }
      const page = eventId
        ? tickets.listOfEvent(eventId, request)
        : tickets.listOfUser(principal.userId, request)
      return { status: 200, body: await page }
    },
    async getSoldTicket({ params, principal }) {
      const ticket = await tickets.find(params.ticketId)
      const isTheirs = ticket?.userId === principal.userId || isAdmin(principal)
      const event = ticket && !isTheirs ? await access.find(ticket.eventId) : null
      if (!ticket || !(isTheirs || (event && isOwn(event, principal)))) {
        return refuseUnknown(TICKET_NOT_FOUND, params.ticketId)
      }
      return { status: 200, body: ticket }
    },
    async countSoldTickets({ params: { eventId }, principal }) {
      await access.getVisible(eventId, principal)
      return { status: 200, body: { eventId, soldCount: await sales.soldCountOf(eventId) } }
    },
    async getRevenue({ params: { venueId, eventId }, principal }) {
      await access.getOwn(eventId, principal)
      const taken = await sales.revenueAt(eventId, venueId)
      if (!taken) return refuse(VENUE_NOT_FOUND, { message: 'the event was never at this venue' })
      return {
        status: 200,
        body: { venueId, eventId, totalRevenue: taken.revenue, currency: taken.currency },
      }
    },
    async getQueryHealth() {
      try {
        await checkDatabase(deps.db)
      } catch {
        return refuse(SERVICE_UNAVAILABLE, { message: 'reads are unavailable right now: try again shortly' })
      }
      const lagSeconds = lag.seconds()
      const status = (lagSeconds ?? 0) > config.lagLimitSeconds ? 'DEGRADED' : 'UP'
      return { status: 200, body: { status, lagSeconds, endpoints } }
    },
  }
}
