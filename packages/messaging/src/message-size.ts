import { MESSAGE_BYTES_MAX } from '@boxoffice/contracts'

/** What is added on the way: the trace of its publishing, and what a dead letter says of its death. */
const ADDED_BYTES = 2_048
/** The most that a message may have when it is written. */
export const WRITTEN_BYTES_MAX = MESSAGE_BYTES_MAX - ADDED_BYTES

/** What SNS and SQS count of a message: its body, and the names, types and values of its attributes. */
export function bytesOf(message: { body: string; attributes: Readonly<Record<string, string>> }): number {
  const attributes = Object.entries(message.attributes).map(
    ([name, value]) => name.length + 'String'.length + Buffer.byteLength(value),
  )
  return attributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(message.body))
}

/**
 * Messages in their order, in batches of at most `max` that SNS and SQS take: they count all messages of a
 * batch together.
 */
export function inBatches<T>(messages: readonly T[], max: number, sizeOf: (message: T) => number): T[][] {
  const batches: { messages: T[]; bytes: number }[] = []
  for (const message of messages) {
    const bytes = sizeOf(message)
    const open = batches.at(-1)
    if (open && open.messages.length < max && open.bytes + bytes <= MESSAGE_BYTES_MAX) {
      open.messages.push(message)
      open.bytes += bytes
    } else batches.push({ messages: [message], bytes })
  }
  return batches.map(({ messages }) => messages)
}
