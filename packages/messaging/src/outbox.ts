import {
  type Destination,
  isFifo,
  type MessageDefinition,
  type MessageId,
  type Payload,
} from '@boxoffice/contracts'
import { currentCorrelationId, currentTraceparent, PermanentFailure, type Tx } from '@boxoffice/service-kit'
import { z } from 'zod'
import { bytesOf, WRITTEN_BYTES_MAX } from './message-size.ts'
import type { Outgoing } from './outgoing.ts'
import type { Lease, Relay } from './relay.ts'

export type Append = <D extends MessageDefinition>(
  tx: Tx,
  definition: D,
  payload: Payload<D>,
  options: { aggregateVersion: number },
) => Promise<MessageId>

/** The request or message on whose behalf a message is written. */
export interface MessageOrigin {
  readonly correlationId: string
  readonly traceparent: string | null
}
/** Returns the request or message in progress. */
export const currentOrigin = (): MessageOrigin => ({
  correlationId: currentCorrelationId(),
  traceparent: currentTraceparent(),
})

/** Set `origin` if the messages of several requests are written together; the default is the current one. */
export type AppendAll = <D extends MessageDefinition>(
  tx: Tx,
  definition: D,
  messages: readonly { payload: Payload<D>; aggregateVersion: number; origin?: MessageOrigin }[],
) => Promise<MessageId[]>

interface OutboxOptions {
  now: () => Date
  newId: () => string
  topics: readonly Destination[]
  /** Publishes committed messages; without a relay the poll of another process does. */
  relay?: Pick<Relay, 'ownLease' | 'publish' | 'nudge'>
}

/** Writes one message into the outbox: see `createBatchOutbox`. */
export function createOutbox(options: OutboxOptions): Append {
  const appendAll = createBatchOutbox(options)
  return async (tx, definition, payload, { aggregateVersion }) => {
    const [messageId] = await appendAll(tx, definition, [{ payload, aggregateVersion }])
    return messageId as MessageId
  }
}

/**
 * Writes messages of one kind into the outbox, in the caller's transaction and in one statement, in the given
 * order. After the commit the relay publishes them from memory, or claims those of FIFO topics. Each carries
 * the trace of its origin as the attribute `traceparent`, and as `aggregateVersion` the version of its
 * aggregate, by which consumers recognize an older one. Throws if a message goes to a topic or command queue
 * that is not among `topics` (AWS would refuse it), and PermanentFailure if SNS and SQS would never accept
 * it.
 */
export function createBatchOutbox({ now, newId, topics, relay }: OutboxOptions): AppendAll {
  return async (tx, definition, messages) => {
    const foreign = definition.topics.find((topic) => !topics.includes(topic))
    if (foreign)
      throw new Error(`${definition.eventType} goes to ${foreign}, to which this service may not publish`)
    if (messages.length === 0) return []
    const shared = { eventType: definition.eventType, version: '1.0', timestamp: now() }
    const present = currentOrigin()
    const rows = messages.map(({ origin = present, ...message }) => {
      const envelope = {
        messageId: newId() as MessageId,
        ...shared,
        correlationId: origin.correlationId,
        ...message,
      }
      return rowOf(definition, envelope, origin.traceparent)
    })
    const lease = relay?.ownLease() ?? null
    await insertRows(tx, definition, rows, lease)
    if (relay && lease) tx.afterCommit(() => relay.publish(outgoingOf(definition, rows, lease)))
    if (relay && (!lease || definition.topics.some(isFifo))) tx.afterCommit(relay.nudge)
    return rows.map(({ messageId }) => messageId)
  }
}

interface Row {
  readonly messageId: MessageId
  readonly body: string
  readonly attributes: Record<string, string>
  /** The group that keeps its order; null if order does not matter. */
  readonly group: string | null
}

type Envelope = { messageId: MessageId; eventType: string; timestamp: Date; payload: unknown }

function rowOf(definition: MessageDefinition, envelope: Envelope, traceparent: string | null): Row {
  const encoded = encode(definition, envelope)
  const body = JSON.stringify(encoded)
  const attributes: Record<string, string> = {
    eventType: envelope.eventType,
    timestamp: envelope.timestamp.toISOString(),
    ...(traceparent && { traceparent }),
  }
  for (const name of definition.attributes) {
    const value = encoded.payload[name]
    if (value !== undefined && value !== null) attributes[name] = String(value)
  }
  const bytes = bytesOf({ body, attributes })
  if (bytes > WRITTEN_BYTES_MAX)
    throw new PermanentFailure(`${definition.eventType} of ${bytes} bytes is larger than SNS and SQS accept`)
  const group = definition.groupBy ? String(encoded.payload[definition.groupBy]) : null
  return { messageId: envelope.messageId, body, attributes, group }
}

function encode(
  { schema, eventType }: MessageDefinition,
  envelope: Envelope,
): { payload: Record<string, unknown> } {
  const result = z.safeEncode(schema as z.ZodType, envelope)
  if (result.success) return result.data as { payload: Record<string, unknown> }
  const [issue] = result.error.issues
  throw new PermanentFailure(
    `${eventType} does not match its schema: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

/**
 * Inserts each message once per destination; `position` grows in the order of the rows. Rows are leased to
 * this process, which publishes them from memory, except those of FIFO destinations: earlier ones of their
 * group may still wait.
 */
async function insertRows(
  tx: Tx,
  definition: MessageDefinition,
  rows: readonly Row[],
  lease: Lease | null,
): Promise<void> {
  await tx.query(
    `insert into outbox (message_id, topic, event_type, body, attributes, group_key, archivable, lease,
       leased_until, attempts)
     select m.message_id, t.topic, $1, m.body::jsonb, m.attributes::jsonb,
       case when t.fifo then m.group_key end, $2,
       case when not t.fifo then $9::uuid end,
       case when not t.fifo then clock_timestamp() + $10::int * interval '1 millisecond' end,
       case when not t.fifo and $9::uuid is not null then 1 else 0 end
     from unnest($3::uuid[], $4::text[], $5::text[], $6::text[])
     with ordinality m(message_id, body, attributes, group_key, place)
     cross join unnest($7::text[], $8::boolean[]) with ordinality t(topic, fifo, place)
     order by m.place, t.place`,
    [
      definition.eventType,
      !definition.secret,
      rows.map(({ messageId }) => messageId),
      rows.map(({ body }) => body),
      rows.map(({ attributes }) => JSON.stringify(attributes)),
      rows.map(({ group }) => group),
      definition.topics,
      definition.topics.map(isFifo),
      lease?.id ?? null,
      lease?.ms ?? null,
    ],
  )
}

/** Returns the messages to publish from memory: one per destination, without FIFO ones. */
const outgoingOf = ({ topics }: MessageDefinition, rows: readonly Row[], { id: lease }: Lease): Outgoing[] =>
  rows.flatMap(({ messageId, body, attributes }) =>
    topics
      .filter((topic) => !isFifo(topic))
      .map((topic) => ({ messageId, topic, body, attributes, group: null, attempts: 1, lease })),
  )
