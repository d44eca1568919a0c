import {
  paymentsArchiveRoutes,
  paymentsContactRoutes,
  paymentsEventRefundRoutes,
  paymentsInternalRoutes,
  paymentsInvariantRoutes,
  paymentsOpsRoutes,
  paymentsRoutes,
  paymentsSagaRoutes,
  publicApi,
  seatPurchaseRoutes,
} from '@boxoffice/contracts'
import { mountInvariants, paymentsInvariants } from '@boxoffice/invariants'
import { mountArchive, mountOps } from '@boxoffice/messaging'
import { checkDatabase, createServiceApp, mountRoutes } from '@boxoffice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Dependencies } from './dependencies.ts'
import { eventRefundHandlers } from './event-refunds/routes.ts'
import { sagaHandlers } from './operations/routes.ts'
import { createTraceSource } from './operations/trace.ts'
import { createAcceptance } from './order-commands/accept.ts'
import { contactHandlers, contactLinkHandlers } from './orders/contact-routes.ts'
import { orderHandlers, orderInternalHandlers } from './orders/routes.ts'
import { refundHandlers } from './refunds/routes.ts'
import { seatPurchaseHandlers } from './seat-purchases/routes.ts'
import { stripeWebhookHandler } from './webhooks/routes.ts'

export function buildApp(deps: Dependencies): FastifyInstance {
  const app = createServiceApp(deps, {
    config: deps.config,
    path: '/api/payments',
    title: 'Payments',
    description: 'Orders: buying tickets, and what became of it.',
    routes: publicApi.payments,
    health: {
      database: { required: true, check: () => checkDatabase(deps.db) },
      messaging: deps.messaging.health,
    },
  })
  const handlers = {
    ...orderHandlers({ ...deps, ...createAcceptance(deps) }),
    ...contactHandlers(deps),
    ...refundHandlers(deps),
    stripeWebhook: stripeWebhookHandler(deps),
  }
  mountRoutes(app, paymentsRoutes, handlers, deps)
  mountRoutes(app, seatPurchaseRoutes, seatPurchaseHandlers(deps), deps)
  mountRoutes(app, paymentsInternalRoutes, orderInternalHandlers(deps), deps)
  mountRoutes(app, paymentsContactRoutes, contactLinkHandlers(deps), deps)
  mountOps(app, paymentsOpsRoutes, { ...deps, traceSources: [createTraceSource(deps)] })
  mountInvariants(app, paymentsInvariantRoutes, deps, paymentsInvariants)
  mountArchive(app, paymentsArchiveRoutes, deps)
  mountRoutes(app, paymentsSagaRoutes, sagaHandlers(deps), deps)
  mountRoutes(app, paymentsEventRefundRoutes, eventRefundHandlers(deps), deps)
  return app
}
