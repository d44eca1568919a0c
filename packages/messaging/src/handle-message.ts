import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { Message, MessageDefinition, QueueName } from '@boxoffice/contracts'
import {
  asPartOf,
  type CrashAt,
  type Database,
  inSpan,
  isPermanent,
  type Logger,
  type Metrics,
  type Span,
  startSpan,
  type Tx,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { type About, aboutMessage } from './about.ts'
import type { Aws } from './aws.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import type { FiguresOfHandlers, Outcome } from './handler-figures.ts'
import { rememberInInbox } from './inbox-repository.ts'
import { takingOf } from './message-spans.ts'
import { type ReadMessage, readMessage, type Subscriber, type Translate } from './read-message.ts'

type Envelope = Message<MessageDefinition>
const REASON_MAX = 250
/** The inbox makes a second attempt harmless, whatever became of the first. */
const IDEMPOTENT = { retries: 2, retryLost: true }

export interface HandlingOptions<T extends Tx = Tx> {
  queue: QueueName
  aws: Aws
  subscribers: readonly Subscriber<T>[]
  /** Opens the transaction of the effect. */
  db: Pick<Database<T>, 'transact'>
  /** For a queue whose messages are not of our own services; an envelope of ours where none is given. */
  translate?: Translate
  /**
   * A message was taken before: what followed its commit then may have been lost. In the transaction that
   * found the inbox row.
   */
  onDuplicate?(tx: T, message: Message<MessageDefinition>): Promise<void>
  /**
   * What several messages do at once, in place of each one's `handle`: all of one transaction, of any of the
   * queue's types. What it does is in the trace of the first of them, but for what it does `within` another.
   */
  together?(
    tx: T,
    messages: readonly Message<MessageDefinition>[],
    within: <R>(message: Message<MessageDefinition>, work: () => R) => R,
  ): Promise<void>
  logger: Logger
  metrics: Metrics
  figures: FiguresOfHandlers
  crashAt: CrashAt
}

/** A message that was read, as the transaction of several takes it. */
interface Taken<T extends Tx> {
  readonly envelope: Envelope
  readonly subscriber: Subscriber<T>
  readonly span: Span | undefined
  outcome: Outcome
}

/**
 * Handles messages: inbox row and effect in one transaction, or straight to the dead-letter queue where one
 * can never be handled. `one` gives null where it is done with, so that it can be acknowledged; else why it
 * is not, and what it is about. `many` takes all in one transaction, and gives false where that did not
 * succeed: then nothing has happened, and each is to be handled by itself.
 */
export function createHandling<T extends Tx>(options: HandlingOptions<T>) {
  const { queue, db, aws, logger, metrics } = options
  const subscribers = new Map(
    options.subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]),
  )
  for (const eventType of subscribers.keys()) options.figures.expect(queue, eventType)

  function counting(eventType: string) {
    const startedMs = performance.now()
    return (outcome: Outcome, error?: unknown) => {
      metrics.messagesConsumed.inc({ queue, event_type: eventType, outcome })
      options.figures.count(queue, eventType, { outcome, ms: performance.now() - startedMs, error })
    }
  }

  async function one(message: SqsMessage): Promise<{ cause: unknown; about: About } | null> {
    const read = readMessage(message, subscribers as never, options.translate)
    const named =
      'envelope' in read ? read.envelope.eventType : (message.MessageAttributes?.eventType?.StringValue ?? '')
    const eventType = subscribers.has(named) ? named : 'unknown' // anybody may write anything there: it must not grow our figures
    const count = counting(eventType)
    try {
      count(
        await inSpan(`process ${eventType}`, takingOf(queue, message), (span) =>
          process(message, read, span),
        ),
      )
      return null
    } catch (error) {
      count('failed', error)
      return { cause: error, about: aboutMessage(message, read) }
    }
  }

  async function many(messages: readonly SqsMessage[]): Promise<boolean> {
    const reads = messages.map((message) => readMessage(message, subscribers as never, options.translate))
    if (reads.some((read) => 'reason' in read)) return false
    const counts: ReturnType<typeof counting>[] = []
    const taken = (reads as Exclude<ReadMessage, { reason: string }>[]).map(
      ({ envelope, subscriber }, index): Taken<T> => {
        counts.push(counting(envelope.eventType))
        const { kind, attributes, parent } = takingOf(queue, messages[index] as SqsMessage)
        const span = startSpan(`process ${envelope.eventType}`, kind, attributes, parent)
        span?.setAttributes(attributesOf(envelope))
        return { envelope, subscriber: subscriber as Subscriber<T>, span, outcome: 'done' }
      },
    )
    try {
      await takeTogether(taken)
      for (const [index, { span, outcome }] of taken.entries()) {
        span?.setAttribute('boxoffice.outcome', outcome)
        counts[index]?.(outcome)
      }
      return true
    } catch (error) {
      logger.debug({ err: error, queue, messages: messages.length }, 'messages are handled one by one')
      for (const { span } of taken) span?.setAttribute('boxoffice.outcome', 'one by one')
      return false
    } finally {
      for (const { span } of taken) span?.end()
    }
  }

  async function takeTogether(taken: readonly Taken<T>[]): Promise<void> {
    await db.transact(async (tx) => {
      const envelopes = taken.map(({ envelope }) => envelope)
      const fresh = await rememberInInbox(tx, queue, envelopes)
      for (const one of taken) one.outcome = fresh.delete(one.envelope.messageId) ? 'done' : 'duplicate'
      const { together } = options
      const all = taken.filter(({ outcome }) => outcome === 'done')
      const [first] = all
      if (together && first) {
        const ofMessage = new Map(all.map((one) => [one.envelope, one]))
        const messages = [...ofMessage.keys()]
        await within(first, () =>
          together(tx, messages, (message, work) => within(ofMessage.get(message) ?? first, work)),
        )
      }
      for (const one of taken) {
        if (one.outcome === 'duplicate')
          await within(one, async () => options.onDuplicate?.(tx, one.envelope))
        else if (!together) await within(one, () => one.subscriber.handle(tx, one.envelope))
      }
      options.crashAt('consumer.before-commit')
    })
    options.crashAt('consumer.after-commit')
  }

  /** In the trace of a message, and under its correlation id. */
  const within = <R>({ span, envelope }: Taken<T>, work: () => R): R =>
    withCorrelationId(envelope.correlationId, () => (span ? asPartOf(span, work) : work()))

  async function process(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    const outcome = await takeIn(message, read, span)
    span.setAttribute('boxoffice.outcome', outcome)
    return outcome
  }

  async function takeIn(message: SqsMessage, read: ReadMessage, span: Span): Promise<Outcome> {
    if ('reason' in read) {
      await sendToDeadLetters(aws, queue, message, read.reason)
      const about = aboutMessage(message, read)
      logger.error(
        { ...about, queue, reason: read.reason },
        'message cannot be handled, sent to the dead-letter queue',
      )
      return 'dead'
    }
    const { envelope } = read
    const subscriber = read.subscriber as Subscriber<T>
    span.setAttributes(attributesOf(envelope))
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
  async function takeEffect(envelope: Envelope, effect: (tx: T) => Promise<void>): Promise<Outcome> {
    const outcome = await db.transact(async (tx): Promise<Outcome> => {
      const fresh = await rememberInInbox(tx, queue, [envelope])
      if (fresh.size === 0) {
        await options.onDuplicate?.(tx, envelope)
        return 'duplicate'
      }
      await effect(tx)
      options.crashAt('consumer.before-commit')
      return 'done'
    }, IDEMPOTENT)
    options.crashAt('consumer.after-commit')
    return outcome
  }

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
    await sendToDeadLetters(
      aws,
      queue,
      message,
      `can never be handled: ${error.message}`.slice(0, REASON_MAX),
    )
    return 'dead'
  }

  return { one, many }
}

const attributesOf = ({ messageId, correlationId }: Envelope) => ({
  'messaging.message.id': messageId,
  'boxoffice.correlation_id': correlationId,
})
