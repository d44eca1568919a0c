import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { Message, MessageDefinition } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { z } from 'zod'

/**
 * What a consumer does with one kind of message: its effect, in the transaction that also remembers the
 * message.
 */
export interface Subscriber<T = Tx> {
  readonly definition: MessageDefinition
  handle(tx: T, message: Message<MessageDefinition>): Promise<void>
  /**
   * What is done instead where `handle` can never succeed, in a transaction of its own. Absent: the message
   * is a dead letter at once.
   */
  whenImpossible?(tx: T, message: Message<MessageDefinition>, why: string): Promise<void>
}

/**
 * Puts a message in foreign words into ours: the envelope as it would have travelled, or why that cannot be.
 * The same message has to become the same `messageId` each time, since that is how it is known again.
 */
export type Translate = (body: string) => { envelope: unknown } | { reason: string }

/** A message of a subscriber, or the reason why it can never be handled. */
export type ReadMessage =
  | { envelope: Message<MessageDefinition>; subscriber: Subscriber<unknown> }
  | { reason: string }

/** Reads what SQS delivered; never throws. */
export function readMessage(
  message: SqsMessage,
  subscribers: ReadonlyMap<string, Subscriber<unknown>>,
  translate: Translate = parse,
): ReadMessage {
  try {
    return read(message, subscribers, translate)
  } catch (error) {
    return { reason: `cannot be read: ${(error as Error).name}` }
  }
}

function read(
  message: SqsMessage,
  subscribers: ReadonlyMap<string, Subscriber<unknown>>,
  translate: Translate,
): ReadMessage {
  const translated = translate(message.Body ?? '')
  if ('reason' in translated) return translated
  const json = translated.envelope
  const eventType = String((json as { eventType?: unknown } | null)?.eventType)
  const subscriber = subscribers.get(eventType)
  if (!subscriber) return { reason: `no subscriber for ${eventType.slice(0, 100)}` }
  const result = z.safeDecode(subscriber.definition.schema as z.ZodType, json as never)
  if (!result.success) {
    const [issue] = result.error.issues
    return { reason: `does not match its schema: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, 250) }
  }
  return { envelope: result.data as Message<MessageDefinition>, subscriber }
}

/** Our own messages need no translation. */
const parse: Translate = (body) => {
  try {
    return { envelope: JSON.parse(body) }
  } catch {
    return { reason: 'the body is not JSON' }
  }
}
