import * as z from 'zod'
import { type Caller, type ServiceKey, services } from '../values/services.ts'

/**
 * The whole topology: topics, queues with their dead-letter queues, publishers and consumers. Used by CDK,
 * local provisioning, consumers and the CLI.
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

/** The topics of each service: only it may publish to them. */
export const publishers: Readonly<Record<TopicName, readonly ServiceKey[]>> = {
  'user-events': ['auth'],
  'event-events': ['events'],
  'payment-events': ['payments'],
  'ticket-events': ['tickets', 'notifications'],
  'saga-compensation-failed': ['payments'],
  'ops-alerts': ['notifications', 'payments'],
  'event-updates.fifo': ['events'],
  // SES publishes the outcomes of mails here, in its own format.
  'mail-feedback': [],
  // Outcomes of requests of other services: a subscriber filters by its name as `requestedBy`.
  'notification-events': ['notifications'],
}

/** Queues that receive commands directly, without a topic, and their senders. */
export const commandQueues = { 'order-commands.fifo': ['payments'] } as const satisfies Record<
  string,
  readonly ServiceKey[]
>
export type CommandQueueName = keyof typeof commandQueues
export const isCommandQueue = (name: string): name is CommandQueueName => name in commandQueues

/** The destination of a message: a topic, or the queue of a command. */
export const Destination = z.enum([...topics, ...(Object.keys(commandQueues) as CommandQueueName[])])
export type Destination = z.output<typeof Destination>

const named = (keys: readonly ServiceKey[], service: ServiceKey | Caller) =>
  keys.some((key) => key === service || services[key].name === service)
/** Returns the topics that a service publishes to, by its key or its name. */
export const topicsOf = (service: ServiceKey | Caller): readonly TopicName[] =>
  topics.filter((topic) => named(publishers[topic], service))
/** Returns the queues that a service sends commands to. */
export const commandQueuesOf = (service: ServiceKey | Caller): readonly CommandQueueName[] =>
  Object.keys(commandQueues)
    .filter(isCommandQueue)
    .filter((queue) => named(commandQueues[queue], service))

export interface Subscription {
  readonly topic: TopicName
  /** The filter policy on the attribute `eventType`; absent: all messages of the topic. */
  readonly eventTypes?: readonly string[]
}

export interface Queue {
  /** Its consumer. */
  readonly consumer: ServiceKey
  readonly deadLetterQueue: string
  readonly visibilitySeconds: number
  readonly maxReceives: number
  /**
   * Waits before the next attempts of a failed message: the first within the same receive, the others as
   * visibility time-outs. Absent: the queue's visibility time-out.
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
  // Without a filter: SES's messages have none of our attributes.
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
  // The read side's two queues.
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
/** The topics that a queue subscribes to; others have subscribers elsewhere only, without an inbox. */
export const consumedTopics: readonly TopicName[] = topics.filter((topic) =>
  queueNames.some((name) => queues[name].subscriptions.some((one) => one.topic === topic)),
)
/**
 * Returns whether the queue's messages come from another system: without our envelope, with their own types.
 */
export const isFromOutside = (queue: QueueName): boolean =>
  queues[queue].subscriptions.some(({ topic }) => publishers[topic].length === 0)

export const retention = { queueDays: 4, deadLetterDays: 14 } as const
/** Long poll on AWS; short locally, where an aborted poll loses a message. */
export const longPollSeconds = 20

export const isFifo = (name: string) => name.endsWith('.fifo')
