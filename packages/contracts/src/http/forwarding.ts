import type { ServiceKey } from '../values/services.ts'
import type { Method } from './define-route.ts'

export interface RoutingRule {
  readonly prefix: `/${string}`
  readonly service: ServiceKey
  /**
   * Only requests of these methods; all where none are named. Such a rule goes before one of the same prefix
   * without.
   */
  readonly methods?: readonly Method[]
}

/**
 * Path prefix → service: what the load balancer forwards, the longest prefix first. Feeds the ALB's rules and
 * the local edge.
 */
export const routing: readonly RoutingRule[] = [
  { prefix: '/api/auth', service: 'auth' },
  // Where the links of mails lead: pages for people.
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
  // Commands and queries part: who buys is sent where purchases are coordinated, who reads to the read side.
  { prefix: '/api/v1/tickets', service: 'payments', methods: ['POST'] },
  { prefix: '/api/v1', service: 'analytics' },
]
