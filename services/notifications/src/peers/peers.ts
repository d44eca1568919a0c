import {
  authInternalRoutes,
  authMailingRoutes,
  eventsInternalRoutes,
  paymentsContactRoutes,
  paymentsInternalRoutes,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
  ticketsMailingRoutes,
} from '@boxoffice/contracts'
import { type Client, createInternalClient, type InternalClientOptions } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { createLookups, type Lookups } from './lookups.ts'

const { getUsers } = authInternalRoutes
const { getEventInfos } = eventsInternalRoutes
const { getOrderInfos } = paymentsInternalRoutes
const { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets } = ticketsInternalRoutes
const { listHolders } = ticketsHoldersRoutes
const { getOrderPrint: _, ...mailing } = ticketsMailingRoutes
const { getOrderPdf } = mailing
const routes = {
  auth: { getUsers, ...authMailingRoutes },
  events: { getEventInfos },
  payments: { getOrderInfos, ...paymentsContactRoutes },
  tickets: { getTicketInfo, getTicketPdfInfo, getTicketQrInfo, getOrderTickets, listHolders, ...mailing },
  /**
   * Large PDFs of the ticket service have their own breaker and bulkhead, so that slow ones block nothing
   * else.
   */
  documents: { getOrderPdf },
}

/**
 * The routes of other services that mails need. Every call rejects with ServiceUnavailable if its service is
 * unavailable.
 */
export type Clients = { [K in keyof typeof routes]: Client<(typeof routes)[K]> }
/** `find`: lookups that are batched. */
export type Peers = Clients & { find: Lookups }

/** Creates clients with a breaker for each service, and one for large documents. */
export function createPeers(
  config: Config,
  foundation: Omit<InternalClientOptions, 'callee' | 'baseUrl' | 'policy'>,
) {
  const to = <C extends Exclude<keyof typeof routes, 'documents'>>(callee: C, baseUrl: string) => ({
    ...foundation,
    callee,
    baseUrl,
    policy: config.policies[callee],
  })
  const clients = {
    auth: createInternalClient(routes.auth, to('auth', config.authUrl)),
    events: createInternalClient(routes.events, to('events', config.eventsUrl)),
    payments: createInternalClient(routes.payments, to('payments', config.paymentsUrl)),
    tickets: createInternalClient(routes.tickets, to('tickets', config.ticketsUrl)),
    documents: createInternalClient(routes.documents, {
      ...to('tickets', config.ticketsUrl),
      guardedAs: 'documents',
      policy: config.policies.documents,
    }),
  }
  return {
    ...(clients satisfies Clients),
    find: createLookups(clients),
    async close() {
      await Promise.all(Object.values(clients).map((client) => client.close()))
    },
  }
}
