import { type Destination, isFifo, type MessageDefinition, type MessageId, type Payload } from '@boxoffice/contracts'
import { currentCorrelationId, currentTraceparent, type Tx } from '@boxoffice/service-kit'
import { z } from 'zod'

/** SNS and SQS take 256 KiB, attributes included: what is larger would stand in the outbox for ever. */
const BODY_MAX_BYTES = 240_000

export type Append = <D extends MessageDefinition>(
  tx: Tx,
  definition: D,
  payload: Payload<D>,
  options: { aggregateVersion: number },
) => Promise<MessageId>

/**
 * Writes messages into the outbox, in the transaction of what they tell of: if that rolls back, they were never there.
 * The present trace goes with them, as the attribute `traceparent`. `aggregateVersion` is the version of the thing the message is
 * about, by which consumers recognise an older one. A message for a topic or command queue that is not among `topics` is refused: on
 * AWS it would be.
 */
export function createOutbox(options: { now: () => Date; newId: () => string; topics: readonly Destination[] }): Append {
  return async (tx, definition, payload, { aggregateVersion }) => {
    const foreign = definition.topics.find((topic) => !options.topics.includes(topic))
    if (foreign) throw new Error(`${definition.eventType} goes to ${foreign}, to which this service may not publish`)
    const messageId = options.newId() as MessageId
    const timestamp = options.now()
    const message = {
      messageId,
      eventType: definition.eventType,
      version: '1.0',
      timestamp,
      correlationId: currentCorrelationId(),
      aggregateVersion,
      payload,
    }
    const body = z.encode(definition.schema as z.ZodType, message) as { payload: Record<string, unknown> }
    const json = JSON.stringify(body)
    if (Buffer.byteLength(json) > BODY_MAX_BYTES) throw new Error(`${definition.eventType} is too large for SNS and SQS to take`)
    const traceparent = currentTraceparent()
    const attributes: Record<string, string> = {
      eventType: definition.eventType,
      timestamp: timestamp.toISOString(),
      ...(traceparent && { traceparent }),
    }
    for (const name of definition.attributes) {
      const value = body.payload[name]
      if (value !== undefined && value !== null) attributes[name] = String(value)
    }
    const group = definition.groupBy ? String(body.payload[definition.groupBy]) : null
    await tx.query(
      `insert into outbox (message_id, topic, event_type, body, attributes, group_key, archivable)
       select $1::uuid, t.topic, $2::text, $3::jsonb, $4::jsonb, t.group_key, $5::boolean
       from unnest($6::text[], $7::text[]) t(topic, group_key)`,
      [
        messageId,
        definition.eventType,
        json,
        JSON.stringify(attributes),
        !definition.secret,
        definition.topics,
        definition.topics.map((topic) => (isFifo(topic) ? group : null)),
      ],
    )
    return messageId
  }
}
