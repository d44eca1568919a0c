import {
  analyticsInternalRoutes,
  analyticsInvariantRoutes,
  analyticsOpsRoutes,
  analyticsProjectionRoutes,
  analyticsRoutes,
  publicApi,
  ticketQueryRoutes,
} from '@boxoffice/contracts'
import { mountInvariants } from '@boxoffice/invariants'
import { mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Dependencies } from './dependencies.ts'
import { ticketQueryHandlers } from './reading/routes.ts'
import { projectionHandlers, rebuildHandlers } from './rebuilds/routes.ts'
import { salesHandlers } from './sales/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const { db, lag, config } = deps
  const app = createServiceApp(deps, {
    config,
    path: '/api/analytics',
    title: 'Analytics',
    description: 'What was sold: tickets, counts, revenue, and how events sell.',
    routes: publicApi.analytics,
    health: {
      database: { required: true, check: () => checkDatabase(db) },
      messaging: deps.messaging.health,
      projection: {
        required: false,
        check: async () => ((lag.seconds() ?? 0) > config.lagLimitSeconds ? 'DEGRADED' : 'UP'),
      },
    },
  })
  mountRoutes(app, ticketQueryRoutes, ticketQueryHandlers(deps), deps)
  mountRoutes(app, analyticsRoutes, salesHandlers(deps), deps)
  mountRoutes(app, analyticsInternalRoutes, rebuildHandlers(deps), deps)
  mountRoutes(app, analyticsProjectionRoutes, projectionHandlers(deps), deps)
  mountOps(app, analyticsOpsRoutes, deps)
  mountInvariants(app, analyticsInvariantRoutes, deps)
  return app
}
