import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isCommandQueue, type QueueName } from '@boxoffice/contracts'
import { type Span, SpanKind, startSpan, traceOf, traceparentOf } from '@boxoffice/service-kit'
import type { Outgoing } from './outgoing.ts'

/** Starts the span of publishing a message, in the trace of its origin; undefined while tracing is off. */
export const startPublishing = ({ messageId, topic, attributes }: Outgoing): Span | undefined =>
  startSpan(
    `publish ${attributes.eventType}`,
    SpanKind.PRODUCER,
    {
      'messaging.system': isCommandQueue(topic) ? 'aws_sqs' : 'aws_sns',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.message.id': messageId,
    },
    traceOf(attributes.traceparent),
  )

/** Adds the publishing span to a message's attributes, so that its consumers continue the trace. */
export function withTrace(
  attributes: Record<string, string>,
  span: Span | undefined,
): Record<string, string> {
  const traceparent = span && traceparentOf(span)
  return traceparent ? { ...attributes, traceparent } : attributes
}

/** Returns kind, parent and attributes of the span in which a consumer handles a message. */
export const processingSpanOf = (queue: QueueName, { MessageAttributes, Attributes }: SqsMessage) => ({
  kind: SpanKind.CONSUMER,
  parent: traceOf(MessageAttributes?.traceparent?.StringValue),
  attributes: {
    'messaging.system': 'aws_sqs',
    'messaging.operation.type': 'process',
    'messaging.destination.name': queue,
    'boxoffice.receives': Number(Attributes?.ApproximateReceiveCount ?? 1),
  },
})
