import type { ServiceKey } from '../values/services.ts'
import type { Method } from './define-route.ts'

export interface RoutingRule {
  readonly prefix: `/${string}`
  readonly service: ServiceKey
  /**
   * Only requests with these methods; all by default. Such a rule precedes one of the same prefix without
   * methods.
   */
  readonly methods?: readonly Method[]
}

/** Maps path prefixes to services, the longest prefix first: used by the ALB's rules and the local edge. */
export const routing: readonly RoutingRule[] = [
  { prefix: '/api/auth', service: 'auth' },
  // Pages that links in mails lead to.
  { prefix: '/verify-email', service: 'auth' },
  { prefix: '/reset-password', service: 'auth' },
  { prefix: '/claim-ticket', service: 'tickets' },
  { prefix: '/unsubscribe', service: 'notifications' },
  { prefix: '/order', service: 'notifications' },
  { prefix: '/api/events', service: 'events' },
  { prefix: '/api/tickets', service: 'tickets' },
  { prefix: '/api/payments', service: 'payments' },
  { prefix: '/api/notifications', service: 'notifications' },
  { prefix: '/api/analytics', service: 'analytics' },
  // Splits commands and queries: purchases go to the payment service, queries to the read side.
  { prefix: '/api/v1/tickets', service: 'payments', methods: ['POST'] },
  { prefix: '/api/v1', service: 'analytics' },
]
