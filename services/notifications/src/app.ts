import { notificationsOpsRoutes, notificationsRoutes } from '@boxoffice/contracts'
import { mountOps } from '@boxoffice/messaging'
import { createServiceApp, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Dependencies } from './dependencies.ts'
import { notificationHandlers } from './notifications/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/notifications',
    title: 'Notifications',
    description: 'What was sent to whom: tickets, refunds, and what else there is to know.',
    routes: { ...notificationsRoutes, ...notificationsOpsRoutes },
    health: {
      database: { required: true, check: () => deps.pool.query('select 1') },
      messaging: deps.messaging.health,
      // Without it mails wait and nothing is lost: the service stays in rotation.
      mail: { required: false, check: async () => deps.provider.state() },
    },
  })
  mountRoutes(app, notificationsRoutes, notificationHandlers(deps), deps)
  mountOps(app, notificationsOpsRoutes, deps)
  return app
}
