/**
 * The six services: their names in calls to each other (Cloud Map `<name>.eventbooking.local`) and local
 * ports.
 */
export const services = {
  auth: { name: 'auth-service', defaultPort: 8080 },
  events: { name: 'event-service', defaultPort: 8081 },
  tickets: { name: 'ticket-service', defaultPort: 8082 },
  payments: { name: 'payment-service', defaultPort: 8083 },
  notifications: { name: 'notification-service', defaultPort: 8084 },
  analytics: { name: 'analytics-service', defaultPort: 8085 },
} as const

export type ServiceKey = keyof typeof services
export const serviceKeys = Object.keys(services) as ServiceKey[]

/** The holders of service tokens: the services, and the operators' CLI. */
export const callers = [
  'auth-service',
  'event-service',
  'ticket-service',
  'payment-service',
  'notification-service',
  'analytics-service',
  'boxoffice-cli',
] as const
export type Caller = (typeof callers)[number]
