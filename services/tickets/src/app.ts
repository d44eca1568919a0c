import {
  publicApi,
  ticketsArchiveRoutes,
  ticketsHoldersRoutes,
  ticketsInternalRoutes,
  ticketsInvariantRoutes,
  ticketsMailingRoutes,
  ticketsOfEventRoutes,
  ticketsOpsRoutes,
  ticketsRoutes,
} from '@boxoffice/contracts'
import { mountInvariants, ticketsInvariants } from '@boxoffice/invariants'
import { mountArchive, mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountMailedPages, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import { eventReplicaHandlers } from './attendees/event-routes.ts'
import { attendeeHandlers, holderHandlers } from './attendees/routes.ts'
import { checkInHandlers } from './check-in/routes.ts'
import type { Dependencies } from './dependencies.ts'
import { issuingHandlers } from './issuing/internal-routes.ts'
import { createTraceSource } from './operations/trace.ts'
import { internalReservationHandlers } from './reservations/internal-routes.ts'
import { reservationHandlers } from './reservations/routes.ts'
import { internalSeatHandlers } from './seating/internal-routes.ts'
import { seatHandlers } from './seating/routes.ts'
import { stopHandlers } from './stops/routes.ts'
import { internalTicketHandlers, ticketHandlers } from './tickets/routes.ts'
import { claimPage } from './transfers/claim-page.ts'
import { mailingHandlers } from './transfers/mailing-routes.ts'
import { transferHandlers } from './transfers/routes.ts'
import { typeHandlers } from './types/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/tickets',
    title: 'Tickets',
    description: 'What events sell, reservations, and the tickets themselves.',
    routes: publicApi.tickets,
    health: {
      database: { required: true, check: () => checkDatabase(deps.db) },
      messaging: deps.messaging.health,
    },
  })
  mountRoutes(
    app,
    ticketsRoutes,
    {
      ...typeHandlers(deps),
      ...seatHandlers(deps),
      ...reservationHandlers(deps),
      ...ticketHandlers(deps),
      ...transferHandlers(deps),
      ...checkInHandlers(deps),
      ...attendeeHandlers(deps),
      ...stopHandlers(deps),
    },
    deps,
  )
  mountRoutes(
    app,
    ticketsInternalRoutes,
    {
      ...internalReservationHandlers(deps),
      ...internalSeatHandlers(deps),
      ...issuingHandlers(deps),
      ...internalTicketHandlers(deps),
    },
    deps,
  )
  mountRoutes(app, ticketsHoldersRoutes, holderHandlers(deps), deps)
  mountRoutes(app, ticketsOfEventRoutes, eventReplicaHandlers(deps), deps)
  mountRoutes(app, ticketsMailingRoutes, mailingHandlers(deps), deps)
  mountOps(app, ticketsOpsRoutes, { ...deps, traceSources: [createTraceSource(deps)] })
  mountInvariants(app, ticketsInvariantRoutes, deps, ticketsInvariants)
  mountMailedPages(app, [claimPage(deps)])
  mountArchive(app, ticketsArchiveRoutes, deps)
  return app
}
