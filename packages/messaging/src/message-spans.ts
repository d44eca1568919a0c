import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isCommandQueue, type QueueName } from '@boxoffice/contracts'
import { type Span, SpanKind, startSpan, traceOf, traceparentOf } from '@boxoffice/service-kit'
import type { Outgoing } from './outgoing.ts'

/**
 * The span of a message that is handed to SNS, or to SQS where it is a command, in the trace of what wrote
 * it; undefined while tracing is off.
 */
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

/** A message's attributes as they are sent: whoever takes it goes on in the trace of its publishing. */
export function withTrace(
  attributes: Record<string, string>,
  span: Span | undefined,
): Record<string, string> {
  const traceparent = span && traceparentOf(span)
  return traceparent ? { ...attributes, traceparent } : attributes
}

/** How the span of a message begins that is taken off a queue: in the trace of its publishing. */
export const takingOf = (queue: QueueName, { MessageAttributes, Attributes }: SqsMessage) => ({
  kind: SpanKind.CONSUMER,
  parent: traceOf(MessageAttributes?.traceparent?.StringValue),
  attributes: {
    'messaging.system': 'aws_sqs',
    'messaging.operation.type': 'process',
    'messaging.destination.name': queue,
    'boxoffice.receives': Number(Attributes?.ApproximateReceiveCount ?? 1),
  },
})
