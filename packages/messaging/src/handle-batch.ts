import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import { asPartOf, type Span, startSpan, type Tx, withCorrelationId } from '@boxoffice/service-kit'
import type { Outcome } from './handler-figures.ts'
import { type Envelope, type HandlingOptions, spanAttributesOf, startCounting } from './handling.ts'
import { recordInInbox } from './inbox-repository.ts'
import { processingSpanOf } from './message-spans.ts'
import { type ReadMessage, readMessage, type Subscriber } from './read-message.ts'

/** A decoded message of a batch, with its span and outcome. */
interface BatchMessage<T extends Tx> {
  readonly envelope: Envelope
  readonly subscriber: Subscriber<T>
  readonly span: Span | undefined
  readonly count: ReturnType<typeof startCounting>
  outcome: Outcome
}

/**
 * Handles several messages in one transaction: all of them, or none. Returns false if that failed or one of
 * them cannot be read; nothing has been written then, and each is to be handled alone.
 */
export function createBatchHandler<T extends Tx>(
  options: HandlingOptions<T>,
  subscribers: ReadonlyMap<string, Subscriber<T>>,
) {
  const { queue, logger } = options

  return async (messages: readonly SqsMessage[]): Promise<boolean> => {
    const reads = messages.map((message) => readMessage(message, subscribers as never, options.translate))
    if (reads.some((read) => 'reason' in read)) return false
    const batch = (reads as Exclude<ReadMessage, { reason: string }>[]).map((read, index) =>
      begin(options, messages[index] as SqsMessage, read),
    )
    try {
      await handleInTransaction(options, batch)
      for (const { span, outcome, count } of batch) {
        span?.setAttribute('boxoffice.outcome', outcome)
        count(outcome)
      }
      return true
    } catch (error) {
      logger.debug(
        { err: error, queue, messages: messages.length },
        'batch rolled back, messages will be handled one by one',
      )
      for (const { span } of batch) span?.setAttribute('boxoffice.outcome', 'one by one')
      return false
    } finally {
      for (const { span } of batch) span?.end()
    }
  }
}

function begin<T extends Tx>(
  options: HandlingOptions<T>,
  message: SqsMessage,
  { envelope, subscriber }: Exclude<ReadMessage, { reason: string }>,
): BatchMessage<T> {
  const count = startCounting(options, envelope.eventType)
  const { kind, attributes, parent } = processingSpanOf(options.queue, message)
  const span = startSpan(`process ${envelope.eventType}`, kind, attributes, parent)
  span?.setAttributes(spanAttributesOf(envelope))
  return { envelope, subscriber: subscriber as Subscriber<T>, span, count, outcome: 'done' }
}

/** Writes the inbox rows and runs the effects; sets the outcome of each message. */
async function handleInTransaction<T extends Tx>(
  options: HandlingOptions<T>,
  batch: readonly BatchMessage<T>[],
): Promise<void> {
  const { db, queue, together, crashAt } = options
  await db.transact(async (tx) => {
    const envelopes = batch.map(({ envelope }) => envelope)
    const fresh = await recordInInbox(tx, queue, envelopes)
    for (const one of batch) one.outcome = fresh.delete(one.envelope.messageId) ? 'done' : 'duplicate'
    if (together) await handleTogether(tx, batch, together)
    for (const one of batch) {
      if (one.outcome === 'duplicate') await within(one, async () => options.onDuplicate?.(tx, one.envelope))
      else if (!together) await within(one, () => one.subscriber.handle(tx, one.envelope))
    }
    crashAt('consumer.before-commit')
  })
  crashAt('consumer.after-commit')
}

async function handleTogether<T extends Tx>(
  tx: T,
  batch: readonly BatchMessage<T>[],
  together: NonNullable<HandlingOptions<T>['together']>,
): Promise<void> {
  const fresh = batch.filter(({ outcome }) => outcome === 'done')
  const [first] = fresh
  if (!first) return
  const byEnvelope = new Map(fresh.map((one) => [one.envelope, one]))
  await within(first, () =>
    together(tx, [...byEnvelope.keys()], (message, work) => within(byEnvelope.get(message) ?? first, work)),
  )
}

/** Runs work in the trace of a message and under its correlation id. */
const within = <T extends Tx, R>({ span, envelope }: BatchMessage<T>, work: () => R): R =>
  withCorrelationId(envelope.correlationId, () => (span ? asPartOf(span, work) : work()))
