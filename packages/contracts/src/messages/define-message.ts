import * as z from 'zod'
import { MessageId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import type { Destination } from './topology.ts'

/**
 * Defines a message: its destination (topics, or the queue of a command), its envelope's schema (`z.encode`
 * before publishing, `z.decode` on receipt) and the payload's ids that become SNS attributes. `secret` keeps
 * it out of archives and logs.
 */
export interface MessageDefinition<T extends string = string, P extends z.ZodType = z.ZodType> {
  readonly eventType: T
  readonly topics: readonly Destination[]
  readonly payload: P
  readonly schema: z.ZodObject<Envelope<T, P>>
  readonly attributes: readonly string[]
  /** The payload's field that FIFO topics and queues group by. */
  readonly groupBy?: string
  readonly secret: boolean
}

type Envelope<T extends string, P extends z.ZodType> = {
  messageId: typeof MessageId
  eventType: z.ZodLiteral<T>
  version: z.ZodLiteral<'1.0'>
  timestamp: typeof Instant
  correlationId: z.ZodString
  aggregateVersion: z.ZodInt
  payload: P
}

export function defineMessage<const T extends string, P extends z.ZodType>(
  eventType: T,
  options: {
    topics: readonly Destination[]
    payload: P
    attributes: readonly (keyof z.output<P> & string)[]
    groupBy?: keyof z.output<P> & string
    secret?: boolean
  },
): MessageDefinition<T, P> {
  return {
    eventType,
    topics: options.topics,
    payload: options.payload,
    attributes: options.attributes,
    groupBy: options.groupBy,
    secret: options.secret ?? false,
    schema: z.object({
      messageId: MessageId,
      eventType: z.literal(eventType),
      version: z.literal('1.0'),
      timestamp: Instant,
      correlationId: z.string().min(1).max(128),
      aggregateVersion: z.int().nonnegative(),
      payload: options.payload,
    }),
  }
}

/** What does not fit into one message is split over several of the same version, in any order. */
export const Part = z.object({
  part: z.int().positive().default(1),
  parts: z.int().positive().default(1).meta({ description: 'number of parts' }),
})

/** Bytes of JSON per part: the rest of the 256 KiB of SNS is for the other fields. */
export const PART_BYTES_MAX = 220_000

/** Splits things into as few numbered parts as possible, from 1; an empty list gives one empty part. */
export function inParts<T>(
  things: readonly T[],
  bytesMax = PART_BYTES_MAX,
): { part: number; parts: number; things: T[] }[] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const thing of things) {
    const more = utf8.encode(JSON.stringify(thing)).length + 1
    if (bytes + more > bytesMax && bytes > 0) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(thing)
    bytes += more
  }
  return parts.map((part, index) => ({ part: index + 1, parts: parts.length, things: part }))
}
const utf8 = new TextEncoder()

/** A decoded message: money in minor units, times as `Date`. */
export type Message<D extends { schema: z.ZodType }> = z.output<D['schema']>
export type Payload<D extends { payload: z.ZodType }> = z.output<D['payload']>
