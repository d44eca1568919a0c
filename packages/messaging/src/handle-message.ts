import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { Message, MessageDefinition, QueueName } from '@boxoffice/contracts'
import {
  type CrashAt,
  inSpan,
  isPermanent,
  type Logger,
  type Metrics,
  type Span,
  type Tx,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { type About, aboutMessage } from './about.ts'
import type { Aws } from './aws.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import type { FiguresOfHandlers, Outcome } from './handler-figures.ts'
import { takingOf } from './message-spans.ts'
import { type ReadMessage, readMessage, type Subscriber, type Translate } from './read-message.ts'
import { retryTransient } from './retries.ts'

type Envelope = Message<MessageDefinition>
const REASON_MAX = 250

export interface HandlingOptions<T> {
  queue: QueueName
  aws: Aws
  subscribers: readonly Subscriber<T>[]
  /** Opens the transaction of the effect; `sqlOf` gives our SQL inside it. */
  transact<R>(work: (tx: T) => Promise<R>): Promise<R>
  sqlOf(tx: T): Tx
  /** For a queue whose messages are not of our own services; an envelope of ours where none is given. */
  translate?: Translate
  /** A message was taken before: what followed its commit then may have been lost. In the transaction that found the inbox row. */
  onDuplicate?(tx: T, message: Message<MessageDefinition>): Promise<void>
  afterCommit(): void
  logger: Logger
  metrics: Metrics
  figures: FiguresOfHandlers
  crashAt: CrashAt
}

/**
 * Handles one message: inbox row and effect in one transaction, or straight to the dead-letter queue where it can never be handled. Null
 * where it is done with, so that it can be acknowledged; else why it is not, and what it is about.
 */
export function createHandling<T>(options: HandlingOptions<T>) {
  const { queue, aws, logger, metrics } = options
  const subscribers = new Map(options.subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]))
  for (const eventType of subscribers.keys()) options.figures.expect(queue, eventType)

  async function handle(message: SqsMessage): Promise<{ cause: unknown; about: About } | null> {
    const read = readMessage(message, subscribers as never, options.translate)
    const named = 'envelope' in read ? read.envelope.eventType : (message.MessageAttributes?.eventType?.StringValue ?? '')
    const eventType = subscribers.has(named) ? named : 'unknown' // anybody may write anything there: it must not grow our figures
    const startedMs = performance.now()
    const count = (outcome: Outcome, error?: unknown) => {
      metrics.messagesConsumed.inc({ queue, event_type: eventType, outcome })
      options.figures.count(queue, eventType, { outcome, ms: performance.now() - startedMs, error })
    }
    try {
      count(await inSpan(`process ${eventType}`, takingOf(queue, message), (span) => process(message, read, span)))
      return null
    } catch (error) {
      count('failed', error)
      return { cause: error, about: aboutMessage(message, read) }
    }
  }

  async function process(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    const outcome = await takeIn(message, read, span)
    span.setAttribute('boxoffice.outcome', outcome)
    return outcome
  }

  async function takeIn(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    if ('reason' in read) {
      await sendToDeadLetters(aws, queue, message, read.reason)
      const about = aboutMessage(message, read)
      logger.error({ ...about, queue, reason: read.reason }, 'message cannot be handled, sent to the dead-letter queue')
      return 'dead'
    }
    const { envelope } = read
    const subscriber = read.subscriber as Subscriber<T>
    span.setAttributes({ 'messaging.message.id': envelope.messageId, 'boxoffice.correlation_id': envelope.correlationId })
    return withCorrelationId(envelope.correlationId, async () => {
      try {
        return await takeEffect(envelope, (tx) => subscriber.handle(tx, envelope))
      } catch (error) {
        if (!isPermanent(error)) throw error
        return giveUp(message, { envelope, subscriber }, error as Error)
      }
    })
  }

  /** Inbox row and effect in one transaction, which is tried again where the error was of the moment. */
  const takeEffect = ({ messageId, eventType, ...rest }: Envelope, effect: (tx: T) => Promise<void>): Promise<Outcome> =>
    retryTransient(async () => {
      const outcome = await options.transact(async (tx): Promise<Outcome> => {
        const fresh = await options.sqlOf(tx).query(
          `insert into inbox (consumer, message_id, event_type) values ($1, $2::uuid, $3)
           on conflict do nothing returning message_id`,
          [queue, messageId, eventType],
        )
        if (fresh.length === 0) {
          await options.onDuplicate?.(tx, { messageId, eventType, ...rest })
          return 'duplicate'
        }
        await effect(tx)
        options.crashAt('consumer.before-commit')
        return 'done'
      })
      options.crashAt('consumer.after-commit')
      options.afterCommit()
      return outcome
    })

  /** No attempt will succeed: what the subscriber does instead, or the dead-letter queue. */
  async function giveUp(
    message: SqsMessage,
    { envelope, subscriber }: { envelope: Envelope; subscriber: Subscriber<T> },
    error: Error,
  ): Promise<Outcome> {
    const { whenImpossible } = subscriber
    const about = aboutMessage(message, { envelope })
    const what = whenImpossible ? 'done without' : 'sent to the dead-letter queue'
    logger.error({ ...about, err: error, queue }, `message can never be handled, ${what}`)
    if (whenImpossible) return takeEffect(envelope, (tx) => whenImpossible(tx, envelope, error.message))
    await sendToDeadLetters(aws, queue, message, `can never be handled: ${error.message}`.slice(0, REASON_MAX))
    return 'dead'
  }

  return handle
}
