import type { Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { Message, MessageDefinition } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { z } from 'zod'

/** Handles one kind of message: its effect, in the transaction that also writes the inbox row. */
export interface Subscriber<T = Tx> {
  readonly definition: MessageDefinition
  handle(tx: T, message: Message<MessageDefinition>): Promise<void>
  /**
   * The fallback if `handle` can never succeed, in a transaction of its own. Without one the message is
   * dead-lettered at once.
   */
  whenImpossible?(tx: T, message: Message<MessageDefinition>, why: string): Promise<void>
}

/**
 * Translates a message of another system into one of our envelopes, or says why it cannot. The same message
 * must always get the same `messageId`, which identifies duplicates.
 */
export type Translate = (body: string) => { envelope: unknown } | { reason: string }

/** A decoded message and its subscriber, or the reason why it can never be handled. */
export type ReadMessage =
  | { envelope: Message<MessageDefinition>; subscriber: Subscriber<unknown> }
  | { reason: string }

/** Decodes a message that SQS delivered; never throws. */
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
