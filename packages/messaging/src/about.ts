import type { Message as SqsMessage } from '@aws-sdk/client-sqs'

/** What a message is and is about, for a log line: its ids, never its contents. */
export type About = Readonly<Record<string, string | number>>

const ID_LENGTH_MAX = 100
const isShort = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= ID_LENGTH_MAX

/**
 * The ids of a message of ours, and those of what it is about: each `…Id` of its payload (`orderId`,
 * `eventId`, …). Takes whatever is there: it also names messages that do not match their schema.
 */
export function aboutEnvelope(envelope: unknown): About {
  const { messageId, eventType, correlationId, payload } = (envelope ?? {}) as Record<string, unknown>
  const ids = Object.entries(Object(payload)).filter(
    ([name, value]) => /^\w{1,40}Id$/.test(name) && isShort(value),
  )
  const own = Object.entries({ messageId, eventType, correlationId }).filter(([, value]) => isShort(value))
  return Object.fromEntries([...ids, ...own]) as About
}

/**
 * The same of a message as SQS delivered it, with SQS's own id of it, by which AWS knows it, and how often it
 * was received.
 */
export function aboutMessage(message: SqsMessage, read?: { envelope: unknown } | { reason: string }): About {
  const { MessageId, MessageAttributes, Attributes } = message
  const eventType = MessageAttributes?.eventType?.StringValue
  return {
    ...(isShort(eventType) && { eventType }),
    ...(MessageId && { sqsMessageId: MessageId }),
    receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
    ...aboutEnvelope(read && 'envelope' in read ? read.envelope : parsed(message.Body)),
  }
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '')
  } catch {
    return null
  }
}
