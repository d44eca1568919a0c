import * as z from 'zod'
import { type Caller, type ServiceKey, services } from '../values/services.ts'

/**
 * The whole topology: topics, queues with their dead-letter queues, who says what and who takes it. Feeds
 * CDK, local provisioning, consumers and the CLI.
 */

export const topics = [
  'user-events',
  'event-events',
  'payment-events',
  'ticket-events',
  'saga-compensation-failed',
  'ops-alerts',
  'event-updates.fifo',
  'mail-feedback',
  'notification-events',
] as const
export const TopicName = z.enum(topics)
export type TopicName = z.output<typeof TopicName>

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
  // Of what other services asked to be sent: a subscriber takes those with its name as `requestedBy`.
  'notification-events': ['notifications'],
}

/** Queues to which commands are sent directly, without a topic, and who sends them. */
export const commandQueues = { 'order-commands.fifo': ['payments'] } as const satisfies Record<
  string,
  readonly ServiceKey[]
>
export type CommandQueueName = keyof typeof commandQueues
export const isCommandQueue = (name: string): name is CommandQueueName => name in commandQueues

/** Where a message goes: to a topic, or to the queue of those who carry a command out. */
export type Destination = TopicName | CommandQueueName

const named = (keys: readonly ServiceKey[], service: ServiceKey | Caller) =>
  keys.some((key) => key === service || services[key].name === service)
/** The topics that a service publishes to, by its key or by its name towards the others. */
export const topicsOf = (service: ServiceKey | Caller): readonly TopicName[] =>
  topics.filter((topic) => named(publishers[topic], service))
/** The queues that a service sends commands to. */
export const commandQueuesOf = (service: ServiceKey | Caller): readonly CommandQueueName[] =>
  Object.keys(commandQueues)
    .filter(isCommandQueue)
    .filter((queue) => named(commandQueues[queue], service))

export interface Subscription {
  readonly topic: TopicName
  /** The filter policy on the attribute `eventType`; absent: everything of the topic. */
  readonly eventTypes?: readonly string[]
}

export interface Queue {
  /** Who takes its messages. */
  readonly consumer: ServiceKey
  readonly deadLetterQueue: string
  readonly visibilitySeconds: number
  readonly maxReceives: number
  /**
   * What a message that failed waits for its next attempt: the first wait is within the same receive, each of
   * the others is how long it stays unseen before the next one. Absent: until its visibility ends.
   */
  readonly retryAfterSeconds?: readonly number[]
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
        eventTypes: [
          'USER_CREATED',
          'USER_EMAIL_VERIFIED',
          'EMAIL_VERIFICATION_REQUESTED',
          'PASSWORD_RESET_REQUESTED',
          'EMAIL_CHANGE_REQUESTED',
          'EMAIL_CHANGED',
          'SESSIONS_ENDED',
        ],
      },
      {
        topic: 'ticket-events',
        eventTypes: [
          'TICKETS_GENERATED',
          'TICKET_TRANSFERRED',
          'TICKET_TRANSFER_OFFERED',
          'TICKETS_STOPPED',
          'TICKETS_REINSTATED',
        ],
      },
      {
        topic: 'payment-events',
        eventTypes: [
          'ORDER_CREATED',
          'ORDER_STATUS_CHANGED',
          'ORDER_CANCELLED',
          'PAYMENT_COMPLETED',
          'PAYMENT_FAILED',
          'REFUND_PROCESSED',
          'ORDER_CONTACT_REQUESTED',
          'ORDER_CONTACT_CHANGED',
        ],
      },
      { topic: 'event-events', eventTypes: ['EVENT_PUBLISHED', 'EVENT_UPDATED', 'EVENT_CANCELLED'] },
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
      { topic: 'payment-events', eventTypes: ['PAYMENT_COMPLETED', 'PAYMENT_FAILED', 'DISPUTE_CLOSED'] },
      { topic: 'event-events' },
      { topic: 'ticket-events', eventTypes: ['TICKETS_DELIVERED', 'TICKET_DELIVERY_FAILED'] },
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
  // Commands are sent to it directly (`commandQueues`).
  'order-commands.fifo': {
    consumer: 'payments',
    deadLetterQueue: 'order-commands-dlq.fifo',
    visibilitySeconds: 60,
    maxReceives: 3,
    retryAfterSeconds: [1, 5, 15],
    subscriptions: [],
  },
  // The read side's two.
  'event-updates.fifo': {
    consumer: 'analytics',
    deadLetterQueue: 'event-updates-dlq.fifo',
    visibilitySeconds: 30,
    maxReceives: 3,
    subscriptions: [{ topic: 'event-updates.fifo' }],
  },
  'analytics-queue': {
    consumer: 'analytics',
    deadLetterQueue: 'analytics-dlq',
    visibilitySeconds: 60,
    maxReceives: 3,
    subscriptions: [
      {
        topic: 'ticket-events',
        eventTypes: [
          'TICKETS_GENERATED',
          'TICKET_CANCELLED',
          'TICKET_TRANSFERRED',
          'TICKET_CHECKED_IN',
          'TICKET_TYPE_CHANGED',
          'RESERVATION_RELEASED',
        ],
      },
      { topic: 'payment-events', eventTypes: ['PAYMENT_COMPLETED', 'PAYMENT_FAILED', 'REFUND_PROCESSED'] },
    ],
  },
} as const satisfies Record<string, Queue>
export type QueueName = keyof typeof queues
export const queueNames = Object.keys(queues) as QueueName[]
/**
 * Whether what comes by a queue is not of our own services: without our envelope, and with types of its own.
 */
export const isFromOutside = (queue: QueueName): boolean =>
  queues[queue].subscriptions.some(({ topic }) => publishers[topic].length === 0)

export const retention = { queueDays: 4, deadLetterDays: 14 } as const
/** Long poll on AWS; short locally, where an aborted poll swallows a message. */
export const longPollSeconds = 20

export const isFifo = (name: string) => name.endsWith('.fifo')
