import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { queueNames } from '../messages/topology.ts'
import { MessageId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'

/** A record of a dead letter, kept after it has left its dead-letter queue. */
export const ArchivedLetter = z.object({
  queue: z.enum(queueNames),
  messageId: z
    .string()
    .nullable()
    .meta({ description: 'ours, from the envelope; null where it was no message of ours' }),
  eventType: z.string(),
  reason: z.string().nullable().meta({ description: 'null: it was received too often without success' }),
  redrives: z.int().meta({ description: 'how often it had been redriven' }),
  sentAt: Instant.meta({ description: 'when it reached the dead-letter queue, or was first sent' }),
  archivedAt: Instant,
  body: z.string().nullable().meta({
    description:
      'as it came, without mail addresses; null where it may carry a token, or is not of our own services',
  }),
  attributes: z.record(z.string(), z.string()),
})
export type ArchivedLetter = z.output<typeof ArchivedLetter>

export const notificationsDeadLetterRoutes = {
  listDeadLetters: defineRoute({
    method: 'GET',
    path: '/api/notifications/ops/dead-letters',
    summary: 'List the recorded dead letters of every queue, latest first, redriven or not',
    access: 'operator',
    query: Page.extend({
      queue: z.enum(queueNames).optional(),
      eventType: z
        .string()
        .regex(/^[\w.-]{1,100}$/)
        .optional(),
      messageId: MessageId.optional(),
    }),
    responses: { 200: z.object({ deadLetters: z.array(ArchivedLetter), nextCursor: NextCursor }) },
  }),
} as const
