import type { EventId, Message, MessageDefinition } from '@boxoffice/contracts'
import { z } from 'zod'
import type { TestService } from './start-service.ts'

/** Returns the messages of one definition about an event, oldest first, decoded as by a consumer. */
export async function publishedMessages<D extends MessageDefinition>(
  { deps }: Pick<TestService, 'deps'>,
  definition: D,
  eventId: EventId,
): Promise<Message<D>[]> {
  const { rows } = await deps.pool.query(
    `select body from outbox where event_type = $1 and body->'payload'->>'eventId' = $2 order by position`,
    [definition.eventType, eventId],
  )
  return rows.map(({ body }) => z.decode(definition.schema as z.ZodType, body) as Message<D>)
}
