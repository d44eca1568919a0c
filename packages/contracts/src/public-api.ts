import { analyticsProjectionRoutes } from './analytics/internal-routes.ts'
import { analyticsRoutes } from './analytics/routes.ts'
import { ticketQueryRoutes } from './analytics/sold-ticket-routes.ts'
import { authUsersRoutes } from './auth/operator-routes.ts'
import { authRoutes } from './auth/routes.ts'
import { eventsRoutes } from './events/routes.ts'
import type { Routes } from './http/define-route.ts'
import {
  analyticsInvariantRoutes,
  authInvariantRoutes,
  eventsInvariantRoutes,
  notificationsInvariantRoutes,
  paymentsInvariantRoutes,
  ticketsInvariantRoutes,
} from './http/invariant-routes.ts'
import {
  analyticsOpsRoutes,
  authOpsRoutes,
  eventsOpsRoutes,
  notificationsOpsRoutes,
  paymentsOpsRoutes,
  ticketsOpsRoutes,
} from './http/operator-routes.ts'
import { notificationsDeadLetterRoutes } from './notifications/dead-letter-routes.ts'
import { notificationsOperatorRoutes } from './notifications/operator-routes.ts'
import { notificationsPushRoutes } from './notifications/push-routes.ts'
import { notificationsRoutes } from './notifications/routes.ts'
import { notificationsSuppressionRoutes } from './notifications/suppression-routes.ts'
import { paymentsEventRefundRoutes } from './payments/event-refund-routes.ts'
import { paymentsRoutes } from './payments/routes.ts'
import { paymentsSagaRoutes } from './payments/saga-routes.ts'
import { seatPurchaseRoutes } from './payments/seat-purchase-routes.ts'
import { ticketsRoutes } from './tickets/routes.ts'
import type { ServiceKey } from './values/services.ts'

/** Every public route by service and operation: the source of OpenAPI, the client and the tests. */
export const publicApi = {
  auth: { ...authRoutes, ...authOpsRoutes, ...authInvariantRoutes, ...authUsersRoutes },
  events: { ...eventsRoutes, ...eventsOpsRoutes, ...eventsInvariantRoutes },
  tickets: { ...ticketsRoutes, ...ticketsOpsRoutes, ...ticketsInvariantRoutes },
  payments: {
    ...paymentsRoutes,
    ...seatPurchaseRoutes,
    ...paymentsOpsRoutes,
    ...paymentsInvariantRoutes,
    ...paymentsSagaRoutes,
    ...paymentsEventRefundRoutes,
  },
  notifications: {
    ...notificationsRoutes,
    ...notificationsPushRoutes,
    ...notificationsOpsRoutes,
    ...notificationsInvariantRoutes,
    ...notificationsDeadLetterRoutes,
    ...notificationsSuppressionRoutes,
    ...notificationsOperatorRoutes,
  },
  analytics: {
    ...ticketQueryRoutes,
    ...analyticsRoutes,
    ...analyticsOpsRoutes,
    ...analyticsInvariantRoutes,
    ...analyticsProjectionRoutes,
  },
} as const satisfies Record<ServiceKey, Routes>
