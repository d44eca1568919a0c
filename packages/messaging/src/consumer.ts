import { ReceiveMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { Message, MessageDefinition, QueueName } from '@boxoffice/contracts'
import {
  type CrashAt,
  inSpan,
  isTransient,
  isUnavailable,
  type Logger,
  type Metrics,
  type Span,
  type Tx,
  type Worker,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { createAcknowledger } from './acknowledger.ts'
import type { Aws } from './aws.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import type { FiguresOfHandlers, Outcome } from './handler-figures.ts'
import { takingOf } from './message-spans.ts'
import { type ReadMessage, readMessage, type Subscriber, type Translate } from './read-message.ts'

/** `handle` must only translate and call: no network in it, it runs inside a transaction. */
export const on = <D extends MessageDefinition, T = Tx>(
  definition: D,
  handle: (tx: T, message: Message<D>) => Promise<void>,
): Subscriber<T> => ({ definition, handle: handle as Subscriber<T>['handle'] })

/** For messages that a queue receives and this consumer has no use for (another version's, or a filter that is wider). */
export const ignore = (definition: MessageDefinition): Subscriber<never> => ({ definition, handle: async () => {} })

export interface ConsumerOptions<T> {
  queue: QueueName
  aws: Aws
  subscribers: readonly Subscriber<T>[]
  /** Opens the transaction of the effect; `sqlOf` gives our SQL inside it. */
  transact<R>(work: (tx: T) => Promise<R>): Promise<R>
  sqlOf(tx: T): Tx
  /** For a queue whose messages are not of our own services; an envelope of ours where none is given. */
  translate?: Translate
  afterCommit(): void
  logger: Logger
  metrics: Metrics
  figures: FiguresOfHandlers
  crashAt: CrashAt
  concurrency?: number
}

const TRANSIENT_ATTEMPTS = 3
const PAUSE_MAX_MS = 5_000

/**
 * Takes messages off a queue: decode, remember in the inbox and take effect in one transaction, then acknowledge. What was
 * taken before is acknowledged and nothing else; what is not of its schema goes to the dead-letter queue at once; what fails
 * stays on the queue until its visibility ends, and after three receives SQS moves it to the dead-letter queue.
 */
export function createConsumer<T>(options: ConsumerOptions<T>): Worker {
  const { queue, aws, logger, metrics } = options
  const subscribers = new Map(options.subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]))
  const acknowledge = createAcknowledger(aws, queue, logger)
  const concurrency = options.concurrency ?? 10
  for (const eventType of subscribers.keys()) options.figures.expect(queue, eventType)
  const atWork = new Set<Promise<void>>()
  let loop: Promise<void> | null = null
  let stopped = true

  async function poll(): Promise<void> {
    let failures = 0
    while (!stopped) {
      try {
        // A database that is away must not use up a message's receives.
        if (failures > 0) await options.transact((tx) => options.sqlOf(tx).query('select 1'))
        const { Messages = [] } = await aws.sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: await aws.queueUrl(queue),
            MaxNumberOfMessages: Math.min(10, concurrency - atWork.size),
            WaitTimeSeconds: aws.config.waitSeconds,
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
          }),
        )
        failures = 0
        for (const message of Messages) {
          const work = take(message).then((databaseAway) => {
            atWork.delete(work)
            if (databaseAway) failures++
          })
          atWork.add(work)
        }
        while (atWork.size >= concurrency) await Promise.race(atWork)
      } catch (error) {
        failures++
        logger.warn({ err: error, queue }, 'polling failed; it goes on')
        await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MAX_MS, 100 * 2 ** failures)))
      }
    }
  }

  /** Whether the database was found away. */
  async function take(message: SqsMessage): Promise<boolean> {
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
      await acknowledge(message)
      return false
    } catch (error) {
      count('failed', error)
      const receives = message.Attributes?.ApproximateReceiveCount
      logger.error({ err: error, queue, eventType, receives }, 'a message failed; it comes again')
      return isUnavailable(error)
    }
  }

  async function process(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    const outcome = await takeIn(message, read, span)
    span.setAttribute('boxoffice.outcome', outcome)
    return outcome
  }

  async function takeIn(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    if ('reason' in read) {
      logger.error({ queue, reason: read.reason }, 'a message is not of its schema: to the dead-letter queue')
      await sendToDeadLetters(aws, queue, message, read.reason)
      return 'dead'
    }
    const { envelope, subscriber } = read
    span.setAttributes({ 'messaging.message.id': envelope.messageId, 'boxoffice.correlation_id': envelope.correlationId })
    return withCorrelationId(envelope.correlationId, () =>
      retryTransient(async () => {
        const outcome = await options.transact(async (tx): Promise<Outcome> => {
          const fresh = await options.sqlOf(tx).query(
            `insert into inbox (consumer, message_id, event_type) values ($1, $2::uuid, $3)
             on conflict do nothing returning message_id`,
            [queue, envelope.messageId, envelope.eventType],
          )
          if (fresh.length === 0) return 'duplicate'
          await (subscriber as Subscriber<T>).handle(tx, envelope)
          options.crashAt('consumer.before-commit')
          return 'done'
        })
        options.crashAt('consumer.after-commit')
        options.afterCommit()
        return outcome
      }),
    )
  }

  return {
    name: `consumer of ${queue}`,
    start() {
      stopped = false
      loop = poll()
    },
    async stop() {
      // The poll is let end: an aborted one may have taken messages that nobody sees until their visibility ends.
      stopped = true
      await loop
      await Promise.all(atWork)
      await acknowledge.flush()
    },
  }
}

async function retryTransient<R>(work: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === TRANSIENT_ATTEMPTS || !isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, attempt * 100 * (0.5 + Math.random())))
    }
  }
}
