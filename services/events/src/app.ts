import {
  eventsArchiveRoutes,
  eventsInternalRoutes,
  eventsInvariantRoutes,
  eventsOpsRoutes,
  eventsRoutes,
  publicApi,
} from '@boxoffice/contracts'
import { mountInvariants } from '@boxoffice/invariants'
import { mountArchive, mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import { eventHandlers, eventInternalHandlers } from './catalog/routes.ts'
import type { Dependencies } from './dependencies.ts'
import { seatingHandlers, seatingInternalHandlers } from './seating/routes.ts'
import { venueHandlers } from './venues/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/events',
    title: 'Events',
    description: 'Events: found by customers, managed by organizers.',
    routes: publicApi.events,
    health: {
      database: { required: true, check: () => checkDatabase(deps.db) },
      messaging: deps.messaging.health,
    },
  })
  mountRoutes(
    app,
    eventsRoutes,
    { ...eventHandlers(deps), ...seatingHandlers(deps), ...venueHandlers(deps) },
    deps,
  )
  mountRoutes(
    app,
    eventsInternalRoutes,
    { ...eventInternalHandlers(deps), ...seatingInternalHandlers(deps) },
    deps,
  )
  mountOps(app, eventsOpsRoutes, deps)
  mountInvariants(app, eventsInvariantRoutes, deps)
  mountArchive(app, eventsArchiveRoutes, deps)
  return app
}
