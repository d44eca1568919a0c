import type { Message, MessageDefinition, QueueName } from '@boxoffice/contracts'
import type { CrashAt, Database, Logger, Metrics, Tx } from '@boxoffice/service-kit'
import type { Aws } from './aws.ts'
import type { HandlerFiguresStore, Outcome } from './handler-figures.ts'
import type { Subscriber, Translate } from './read-message.ts'

export type Envelope = Message<MessageDefinition>

export interface HandlingOptions<T extends Tx = Tx> {
  queue: QueueName
  aws: Aws
  subscribers: readonly Subscriber<T>[]
  /** Opens the transaction of inbox row and effect. */
  db: Pick<Database<T>, 'transact'>
  /** For a queue that another system writes to; by default the body is one of our envelopes. */
  translate?: Translate
  /**
   * Called for a message that was handled before, in the transaction that found its inbox row: work that
   * followed the first commit may have been lost.
   */
  onDuplicate?(tx: T, message: Envelope): Promise<void>
  /**
   * Handles several messages of any of the queue's types in one transaction, in place of each one's `handle`.
   * Its spans belong to the trace of the first message, except for work wrapped in `within`.
   */
  together?(
    tx: T,
    messages: readonly Envelope[],
    within: <R>(message: Envelope, work: () => R) => R,
  ): Promise<void>
  logger: Logger
  metrics: Metrics
  figures: HandlerFiguresStore
  crashAt: CrashAt
}

/** Returns the subscribers by event type, and shows each type in the figures before its first message. */
export function subscribersByType<T extends Tx>({ queue, subscribers, figures }: HandlingOptions<T>) {
  for (const { definition } of subscribers) figures.expect(queue, definition.eventType)
  return new Map(subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]))
}

/** Starts the clock of one message; the function it returns counts the outcome and the time taken. */
export function startCounting<T extends Tx>(
  { queue, metrics, figures }: HandlingOptions<T>,
  eventType: string,
) {
  const startedMs = performance.now()
  return (outcome: Outcome, error?: unknown): void => {
    metrics.messagesConsumed.inc({ queue, event_type: eventType, outcome })
    figures.count(queue, eventType, { outcome, ms: performance.now() - startedMs, error })
  }
}

export const spanAttributesOf = ({ messageId, correlationId }: Envelope) => ({
  'messaging.message.id': messageId,
  'boxoffice.correlation_id': correlationId,
})
