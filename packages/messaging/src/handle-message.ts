import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import { inSpan, isPermanent, type Span, type Tx, withCorrelationId } from '@boxoffice/service-kit'
import { type About, aboutMessage } from './about.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import type { Outcome } from './handler-figures.ts'
import { type Envelope, type HandlingOptions, spanAttributesOf, startCounting } from './handling.ts'
import { recordInInbox } from './inbox-repository.ts'
import { processingSpanOf } from './message-spans.ts'
import { type ReadMessage, readMessage, type Subscriber } from './read-message.ts'

const REASON_MAX = 250
/** The inbox makes a second attempt harmless, even if the outcome of the first is unknown. */
const IDEMPOTENT = { retries: 2, retryLost: true }

/** Why a message was not handled, with its ids for the log. */
export interface HandlingError {
  readonly cause: unknown
  readonly about: About
}

/**
 * Handles one message: inbox row and effect in one transaction, or straight to the dead-letter queue if it
 * can never be handled. Returns null once the message may be acknowledged, otherwise the error.
 */
export function createMessageHandler<T extends Tx>(
  options: HandlingOptions<T>,
  subscribers: ReadonlyMap<string, Subscriber<T>>,
) {
  const { queue, logger } = options

  return async (message: SqsMessage): Promise<HandlingError | null> => {
    const read = readMessage(message, subscribers as never, options.translate)
    const statedType =
      'envelope' in read ? read.envelope.eventType : (message.MessageAttributes?.eventType?.StringValue ?? '')
    // The attribute is untrusted: an unknown type must not add a label value to our metrics.
    const eventType = subscribers.has(statedType) ? statedType : 'unknown'
    const count = startCounting(options, eventType)
    try {
      const outcome = await inSpan(
        `process ${eventType}`,
        processingSpanOf(queue, message),
        async (span): Promise<Outcome> => {
          const result = 'reason' in read ? await reject(message, read) : await handle(message, read, span)
          span.setAttribute('boxoffice.outcome', result)
          return result
        },
      )
      count(outcome)
      return null
    } catch (error) {
      count('failed', error)
      return { cause: error, about: aboutMessage(message, read) }
    }
  }

  async function reject(message: SqsMessage, read: { reason: string }): Promise<Outcome> {
    await sendToDeadLetters(options.aws, queue, message, read.reason)
    logger.error(
      { ...aboutMessage(message, read), queue, reason: read.reason },
      'message cannot be handled, sent to the dead-letter queue',
    )
    return 'dead'
  }

  async function handle(
    message: SqsMessage,
    read: Exclude<ReadMessage, { reason: string }>,
    span: Span,
  ): Promise<Outcome> {
    const { envelope } = read
    const subscriber = read.subscriber as Subscriber<T>
    span.setAttributes(spanAttributesOf(envelope))
    return withCorrelationId(envelope.correlationId, async () => {
      try {
        return await commitEffect(options, envelope, (tx) => subscriber.handle(tx, envelope))
      } catch (error) {
        if (!isPermanent(error)) throw error
        return giveUp(options, message, { envelope, subscriber }, error as Error)
      }
    })
  }
}

/** Commits inbox row and effect in one transaction; retries transient errors. */
async function commitEffect<T extends Tx>(
  { db, queue, onDuplicate, crashAt }: HandlingOptions<T>,
  envelope: Envelope,
  effect: (tx: T) => Promise<void>,
): Promise<Outcome> {
  const outcome = await db.transact(async (tx): Promise<Outcome> => {
    const fresh = await recordInInbox(tx, queue, [envelope])
    if (fresh.size === 0) {
      await onDuplicate?.(tx, envelope)
      return 'duplicate'
    }
    await effect(tx)
    crashAt('consumer.before-commit')
    return 'done'
  }, IDEMPOTENT)
  crashAt('consumer.after-commit')
  return outcome
}

/** Runs the subscriber's fallback for a message that can never be handled, or dead-letters the message. */
async function giveUp<T extends Tx>(
  options: HandlingOptions<T>,
  message: SqsMessage,
  { envelope, subscriber }: { envelope: Envelope; subscriber: Subscriber<T> },
  error: Error,
): Promise<Outcome> {
  const { queue, aws, logger } = options
  const { whenImpossible } = subscriber
  const about = aboutMessage(message, { envelope })
  const what = whenImpossible ? 'its fallback runs' : 'sent to the dead-letter queue'
  logger.error({ ...about, err: error, queue }, `message can never be handled, ${what}`)
  if (whenImpossible)
    return commitEffect(options, envelope, (tx) => whenImpossible(tx, envelope, error.message))
  const reason = `can never be handled: ${error.message}`.slice(0, REASON_MAX)
  await sendToDeadLetters(aws, queue, message, reason)
  return 'dead'
}
