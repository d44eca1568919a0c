import type { Message as SqsMessage } from '@aws-sdk/client-sqs'

/** The ids of a message for a log line, never its contents. */
export type About = Readonly<Record<string, string | number>>

const ID_LENGTH_MAX = 100
const isShort = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= ID_LENGTH_MAX

/**
 * Returns the ids of an envelope and each `…Id` of its payload (`orderId`, `eventId`, …). Accepts any value,
 * so that messages that do not match their schema can be logged too.
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
 * Returns the same for a message that SQS delivered, with the message id of SQS and the number of receives.
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
