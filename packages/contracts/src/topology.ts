import { type Caller, type ServiceKey, services } from './services.ts'

/** The whole topology: topics, queues with their dead-letter queues, and who takes what. Feeds CDK, local provisioning, consumers and the CLI. */

export const topics = [
  'user-events',
  'event-events',
  'payment-events',
  'ticket-events',
  'saga-compensation-failed',
  'ops-alerts',
  'event-updates.fifo',
  'mail-feedback',
] as const
export type TopicName = (typeof topics)[number]

/** Who publishes what: nobody else is permitted to. */
export const publishers: Readonly<Record<TopicName, readonly ServiceKey[]>> = {
  'user-events': ['auth'],
  'event-events': ['events'],
  'payment-events': ['payments'],
  'ticket-events': ['tickets', 'notifications'],
  'saga-compensation-failed': ['payments'],
  'ops-alerts': ['notifications', 'payments'],
  'event-updates.fifo': ['events'],
  // SES tells here what became of mails, in its own words.
  'mail-feedback': [],
}

/** The topics that a service publishes to, by its key or by its name towards the others. */
export const topicsOf = (service: ServiceKey | Caller): readonly TopicName[] =>
  topics.filter((topic) => publishers[topic].some((key) => key === service || services[key].name === service))

export interface Subscription {
  readonly topic: TopicName
  /** The filter policy on the attribute `eventType`; absent: everything of the topic. */
  readonly eventTypes?: readonly string[]
}

export interface Queue {
  /** Who takes its messages; null while nobody does yet. */
  readonly consumer: ServiceKey | null
  readonly deadLetterQueue: string
  readonly visibilitySeconds: number
  readonly maxReceives: number
  readonly subscriptions: readonly Subscription[]
}

export const queues = {
  'notification-queue': {
    consumer: 'notifications',
    deadLetterQueue: 'notification-dlq',
    visibilitySeconds: 30,
    maxReceives: 3,
    subscriptions: [
      {
        topic: 'user-events',
        eventTypes: ['USER_CREATED', 'USER_EMAIL_VERIFIED', 'EMAIL_VERIFICATION_REQUESTED', 'PASSWORD_RESET_REQUESTED'],
      },
      { topic: 'ticket-events', eventTypes: ['TICKETS_GENERATED', 'TICKET_TRANSFERRED', 'TICKET_TRANSFER_OFFERED'] },
      {
        topic: 'payment-events',
        eventTypes: [
          'ORDER_CREATED',
          'ORDER_STATUS_CHANGED',
          'ORDER_CANCELLED',
          'PAYMENT_COMPLETED',
          'PAYMENT_FAILED',
          'REFUND_PROCESSED',
        ],
      },
      { topic: 'event-events', eventTypes: ['EVENT_UPDATED', 'EVENT_CANCELLED'] },
    ],
  },
  // Without a filter: what SES publishes has no attributes of ours.
  'mail-feedback-queue': {
    consumer: 'notifications',
    deadLetterQueue: 'mail-feedback-dlq',
    visibilitySeconds: 30,
    maxReceives: 3,
    subscriptions: [{ topic: 'mail-feedback' }],
  },
  'ticket-processing-queue': {
    consumer: 'tickets',
    deadLetterQueue: 'ticket-processing-dlq',
    visibilitySeconds: 60,
    maxReceives: 3,
    subscriptions: [
      { topic: 'payment-events', eventTypes: ['PAYMENT_COMPLETED', 'PAYMENT_FAILED'] },
      { topic: 'event-events' },
      { topic: 'ticket-events', eventTypes: ['TICKETS_DELIVERED', 'TICKET_DELIVERY_FAILED'] },
      { topic: 'user-events', eventTypes: ['USER_EMAIL_VERIFIED'] },
    ],
  },
  'payment-processing-queue': {
    consumer: 'payments',
    deadLetterQueue: 'payment-processing-dlq',
    visibilitySeconds: 60,
    maxReceives: 3,
    subscriptions: [
      { topic: 'ticket-events', eventTypes: ['TICKETS_GENERATED', 'TICKETS_REJECTED'] },
      { topic: 'event-events', eventTypes: ['EVENT_CANCELLED'] },
    ],
  },
  // Commands are sent to it directly by the payment service.
  'order-commands.fifo': {
    consumer: null,
    deadLetterQueue: 'order-commands-dlq.fifo',
    visibilitySeconds: 60,
    maxReceives: 3,
    subscriptions: [],
  },
  // The read side's two. They are subscribed when it exists: a queue that nobody reads only grows.
  'event-updates.fifo': {
    consumer: null,
    deadLetterQueue: 'event-updates-dlq.fifo',
    visibilitySeconds: 30,
    maxReceives: 3,
    subscriptions: [],
  },
  'analytics-queue': {
    consumer: null,
    deadLetterQueue: 'analytics-dlq',
    visibilitySeconds: 60,
    maxReceives: 3,
    subscriptions: [],
  },
} as const satisfies Record<string, Queue>
export type QueueName = keyof typeof queues
export const queueNames = Object.keys(queues) as QueueName[]
/** Whether what comes by a queue is not of our own services: without our envelope, and with types of its own. */
export const isFromOutside = (queue: QueueName): boolean =>
  queues[queue].subscriptions.some(({ topic }) => publishers[topic].length === 0)

export const retention = { queueDays: 4, deadLetterDays: 14 } as const
/** Long poll on AWS; short locally, where an aborted poll swallows a message. */
export const longPollSeconds = 20

export const isFifo = (name: string) => name.endsWith('.fifo')
