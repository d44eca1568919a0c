import { type Destination, MESSAGE_BATCH_MAX } from '@boxoffice/contracts'
import { type Logger, type Metrics, markFailed, type Span } from '@boxoffice/service-kit'
import { aboutEnvelope } from './about.ts'
import type { Aws } from './aws.ts'
import { bytesOf, inBatches } from './message-size.ts'
import { startPublishing, withTrace } from './message-spans.ts'
import { type Published, waitSecondsAfter } from './outbox-repository.ts'
import { type Outgoing, REPUBLISHED_ATTRIBUTE } from './outgoing.ts'
import { type Entry, sendBatch } from './send-batch.ts'

/** Name, type and value of the `traceparent` attribute that is added when a message is published. */
const TRACE_BYTES = 100

/** Publishes one batch to one destination. Never rejects: a message that failed has `published: false`. */
export type Publish = (destination: Destination, batch: readonly Outgoing[]) => Promise<Published[]>

export function createPublisher({
  aws,
  logger,
  metrics,
}: {
  aws: Aws
  logger: Logger
  metrics: Metrics
}): Publish {
  return async (topic, batch) => {
    const spans = batch.map(startPublishing)
    const entries = batch.map((message, index) => entryOf(message, index, spans[index]))
    try {
      const { accepted, refused } = await sendBatch(aws, topic, entries)
      if (refused.length > 0) {
        const messages = refused.map(({ id, ...why }) => ({ ...aboutOutgoing(batch[Number(id)]), ...why }))
        logger.error({ topic, messages }, 'publishing was refused, will be retried')
      }
      metrics.messagesPublished.inc({ topic }, accepted.size)
      for (const { id, code } of refused) fail(spans[Number(id)], { code })
      return batch.map((message, index) => ({ message, published: accepted.has(String(index)) }))
    } catch (error) {
      logger.warn(
        { err: error, topic, messages: batch.map(aboutOutgoing) },
        'publishing failed, will be retried',
      )
      for (const span of spans) fail(span, error)
      return batch.map((message) => ({ message, published: false }))
    } finally {
      for (const span of spans) span?.end()
    }
  }
}

/** Splits messages, in their order, into batches that SNS and SQS accept. */
export const batchesOf = (messages: readonly Outgoing[]): Outgoing[][] =>
  inBatches(
    messages,
    MESSAGE_BATCH_MAX,
    ({ body, attributes }) => bytesOf({ body, attributes }) + TRACE_BYTES,
  )

/** Returns the log fields of a message; `attempt` is the one that failed. */
const aboutOutgoing = (message: Outgoing | undefined) =>
  message && {
    ...aboutEnvelope(JSON.parse(message.body)),
    messageId: message.messageId,
    attempt: message.attempts,
    waitMs: waitSecondsAfter(message.attempts) * 1_000,
  }

const fail = (span: Span | undefined, error: unknown) => span && markFailed(span, error)

const entryOf = (
  { messageId, body, attributes, group }: Outgoing,
  index: number,
  span: Span | undefined,
): Entry => ({
  id: String(index),
  body,
  attributes: withTrace(attributes, span),
  ...(group !== null && { group: { id: group, deduplicationId: deduplicationIdOf(messageId, attributes) } }),
})

const deduplicationIdOf = (
  messageId: string,
  { [REPUBLISHED_ATTRIBUTE]: republishedAt }: Record<string, string>,
): string => (republishedAt ? `${messageId}.${republishedAt}` : messageId)
