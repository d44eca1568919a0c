import { MESSAGE_BYTES_MAX } from '@boxoffice/contracts'

/** Room for attributes that are added later: the trace, and those of a dead letter. */
const ADDED_BYTES = 2_048
/** The largest size of a message when it is written. */
export const WRITTEN_BYTES_MAX = MESSAGE_BYTES_MAX - ADDED_BYTES

/** Returns the size as SNS and SQS count it: body, and names, types and values of the attributes. */
export function bytesOf(message: { body: string; attributes: Readonly<Record<string, string>> }): number {
  const attributes = Object.entries(message.attributes).map(
    ([name, value]) => name.length + 'String'.length + Buffer.byteLength(value),
  )
  return attributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(message.body))
}

/** Splits messages, in their order, into batches of at most `max` whose total size SNS and SQS accept. */
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
