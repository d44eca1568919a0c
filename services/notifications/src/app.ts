import {
  notificationsDeadLetterRoutes,
  notificationsInternalRoutes,
  notificationsInvariantRoutes,
  notificationsOperatorRoutes,
  notificationsOpsRoutes,
  notificationsPushRoutes,
  notificationsRoutes,
  notificationsSuppressionRoutes,
  publicApi,
} from '@boxoffice/contracts'
import { mountInvariants } from '@boxoffice/invariants'
import { mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountMailedPages, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import { oldContactPage, orderContactPage } from './contacts/pages.ts'
import { contactHandlers } from './contacts/routes.ts'
import { deadLetterHandlers } from './dead-letters/routes.ts'
import type { Dependencies } from './dependencies.ts'
import { operatorHandlers } from './notifications/operator-routes.ts'
import { resendHandlers } from './notifications/resend.ts'
import { notificationHandlers } from './notifications/routes.ts'
import { createTraceSource } from './operations/trace.ts'
import { preferenceHandlers } from './preferences/routes.ts'
import { pushHandlers } from './push/routes.ts'
import { requestHandlers } from './requests/routes.ts'
import { suppressionHandlers } from './suppressions/routes.ts'
import { orderPage } from './tracking/pages.ts'
import { mountOneClick, unsubscribePage } from './unsubscribing/pages.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/notifications',
    title: 'Notifications',
    description: 'What was sent to whom: tickets, refunds and other notifications.',
    routes: publicApi.notifications,
    health: {
      database: { required: true, check: () => checkDatabase(deps.db) },
      messaging: deps.messaging.health,
    },
  })
  const handlers = {
    ...notificationHandlers(deps),
    ...preferenceHandlers(deps),
    ...resendHandlers(deps),
    ...contactHandlers(deps),
  }
  mountRoutes(app, notificationsRoutes, handlers, deps)
  mountRoutes(app, notificationsPushRoutes, pushHandlers(deps), deps)
  mountRoutes(app, notificationsInternalRoutes, requestHandlers(deps), deps)
  mountOps(app, notificationsOpsRoutes, { ...deps, traceSources: [createTraceSource(deps)] })
  mountInvariants(app, notificationsInvariantRoutes, deps)
  mountRoutes(app, notificationsDeadLetterRoutes, deadLetterHandlers(deps), deps)
  mountRoutes(app, notificationsSuppressionRoutes, suppressionHandlers(deps), deps)
  mountRoutes(app, notificationsOperatorRoutes, operatorHandlers(deps), deps)
  mountMailedPages(app, [
    unsubscribePage(deps),
    orderPage(deps),
    orderContactPage(deps),
    oldContactPage(deps),
  ])
  mountOneClick(app, deps)
  return app
}
