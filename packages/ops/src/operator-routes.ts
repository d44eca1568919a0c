import {
  analyticsOpsRoutes,
  authOpsRoutes,
  eventsOpsRoutes,
  notificationsOpsRoutes,
  type OpsRoutes,
  paymentsOpsRoutes,
  type ServiceKey,
  ticketsOpsRoutes,
} from '@boxoffice/contracts'

/** The operators' routes that every service has. */
export const operatorRoutes: Readonly<Record<ServiceKey, OpsRoutes>> = {
  auth: authOpsRoutes,
  events: eventsOpsRoutes,
  tickets: ticketsOpsRoutes,
  payments: paymentsOpsRoutes,
  notifications: notificationsOpsRoutes,
  analytics: analyticsOpsRoutes,
}
