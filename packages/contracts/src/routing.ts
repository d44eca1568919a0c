import type { ServiceKey } from './services.ts'

/** Path prefix → service: what the load balancer forwards. Feeds the ALB's rules and the local edge. */
export const routing: readonly { readonly prefix: `/${string}`; readonly service: ServiceKey }[] = [
  { prefix: '/api/auth', service: 'auth' },
  // Where the links of mails lead: pages for people.
  { prefix: '/verify-email', service: 'auth' },
  { prefix: '/reset-password', service: 'auth' },
  { prefix: '/api/events', service: 'events' },
  { prefix: '/api/tickets', service: 'tickets' },
  { prefix: '/api/payments', service: 'payments' },
  { prefix: '/api/notifications', service: 'notifications' },
]
