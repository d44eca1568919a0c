import * as z from 'zod'
import { defineRoute, NextCursor } from '../http/define-route.ts'
import type { ServiceKey } from '../values/services.ts'
import { TopicName } from './topology.ts'

/**
 * The history of a service's messages for later readers: all committed ones, published or not, without secret
 * ones.
 */
const archiveOf = (service: ServiceKey) =>
  ({
    listArchived: defineRoute({
      method: 'GET',
      path: `/api/${service}/internal/archive`,
      summary: 'List the messages of a topic, each at least once, in no particular order',
      access: { services: ['analytics-service'] },
      query: z.object({
        topic: TopicName,
        limit: z.coerce.number().int().min(1).max(500).default(200),
        cursor: z.string().max(500).optional(),
      }),
      responses: {
        200: z.object({
          messages: z
            .array(z.record(z.string(), z.unknown()))
            .meta({ description: 'envelopes as they travelled' }),
          total: z.int().nullable().meta({
            description: 'about how many there are; null after the first page, or where counting takes long',
          }),
          nextCursor: NextCursor,
        }),
      },
    }),
  }) as const
export type ArchiveRoutes = ReturnType<typeof archiveOf>

export const eventsArchiveRoutes = archiveOf('events')
export const ticketsArchiveRoutes = archiveOf('tickets')
export const paymentsArchiveRoutes = archiveOf('payments')
