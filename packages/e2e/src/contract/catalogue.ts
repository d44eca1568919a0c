import {
  analyticsOpsRoutes,
  analyticsProjectionRoutes,
  analyticsRoutes,
  authOpsRoutes,
  authRoutes,
  eventsOpsRoutes,
  eventsRoutes,
  notificationsDeadLetterRoutes,
  notificationsOpsRoutes,
  notificationsPushRoutes,
  notificationsRoutes,
  notificationsSuppressionRoutes,
  paymentsOpsRoutes,
  paymentsRoutes,
  paymentsSagaRoutes,
  type Route,
  type Routes,
  type ServiceKey,
  seatPurchaseRoutes,
  ticketQueryRoutes,
  ticketsOpsRoutes,
  ticketsRoutes,
} from '@boxoffice/contracts'

/** Every public route of a service, under the name of its operation. */
export const publicRoutes = {
  auth: { ...authRoutes, ...authOpsRoutes },
  events: { ...eventsRoutes, ...eventsOpsRoutes },
  tickets: { ...ticketsRoutes, ...ticketsOpsRoutes },
  payments: { ...paymentsRoutes, ...seatPurchaseRoutes, ...paymentsOpsRoutes, ...paymentsSagaRoutes },
  notifications: {
    ...notificationsRoutes,
    ...notificationsPushRoutes,
    ...notificationsOpsRoutes,
    ...notificationsDeadLetterRoutes,
    ...notificationsSuppressionRoutes,
  },
  analytics: {
    ...ticketQueryRoutes,
    ...analyticsRoutes,
    ...analyticsOpsRoutes,
    ...analyticsProjectionRoutes,
  },
} as const satisfies Record<ServiceKey, Routes>

/** `auth.register` … `notifications.getOutbox`. */
export type OperationName = {
  [S in ServiceKey]: `${S}.${keyof (typeof publicRoutes)[S] & string}`
}[ServiceKey]

export interface Operation {
  readonly name: OperationName
  readonly service: ServiceKey
  readonly route: Route
}

export const operations: readonly Operation[] = Object.entries(publicRoutes).flatMap(([service, routes]) =>
  Object.entries(routes).map(([name, route]) => ({
    name: `${service}.${name}` as OperationName,
    service: service as ServiceKey,
    route: route as Route,
  })),
)
