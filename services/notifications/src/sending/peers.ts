import {
  authInternalRoutes,
  eventsInternalRoutes,
  paymentsInternalRoutes,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
} from '@boxoffice/contracts'
import { type Client, createGuard, createInternalClient, type Foundation } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'

const { getUser } = authInternalRoutes
const { getEventInfo } = eventsInternalRoutes
const { getOrderInfo } = paymentsInternalRoutes
const { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets } = ticketsInternalRoutes
const { listHolders } = ticketsHoldersRoutes
const routes = {
  auth: { getUser },
  events: { getEventInfo },
  payments: { getOrderInfo },
  tickets: { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets, listHolders },
}

/** The part of the other services that mails are made of. Every call rejects with ServiceUnavailable when it cannot be had. */
export type Peers = { [K in keyof typeof routes]: Client<(typeof routes)[K]> }

/** Clients with a breaker for each service. */
export function createPeers(config: Config, { identity, metrics }: Pick<Foundation, 'identity' | 'metrics'>) {
  const guards = (['auth', 'events', 'payments', 'tickets'] as const).map((callee) => {
    const policy = config.policies[callee]
    return [callee, { callee, policy, identity, guard: createGuard(callee, policy, metrics) }] as const
  })
  const { auth, events, payments, tickets } = Object.fromEntries(guards) as Record<
    (typeof guards)[number][0],
    (typeof guards)[number][1]
  >
  const clients = {
    auth: createInternalClient(routes.auth, { ...auth, baseUrl: config.authUrl }),
    events: createInternalClient(routes.events, { ...events, baseUrl: config.eventsUrl }),
    payments: createInternalClient(routes.payments, { ...payments, baseUrl: config.paymentsUrl }),
    tickets: createInternalClient(routes.tickets, { ...tickets, baseUrl: config.ticketsUrl }),
  }
  return {
    ...(clients satisfies Peers),
    async close() {
      for (const [, { guard }] of guards) guard.close()
      await Promise.all(Object.values(clients).map((client) => client.close()))
    },
  }
}
