import * as z from 'zod'
import { defineRoute, jsonText } from '../http/define-route.ts'
import { EventId, UserId } from '../values/ids.ts'
import { Event } from './event.ts'
import { EVENT_NOT_FOUND, SEATING_PLAN_NOT_FOUND, ZONES_NOT_IN_PLAN } from './refusals.ts'
import { SeatingPlan, ZONES_MAX } from './seating-plan.ts'

const params = z.object({ eventId: EventId })

/** An event as other services see it; `version` grows with every change. */
export const EventInfo = Event.extend({ version: z.int() })
export type EventInfo = z.output<typeof EventInfo>

const readers = { services: ['ticket-service', 'payment-service', 'notification-service'] } as const

/** Zones of a plan in a query: `1,2,20`. */
const ZoneIds = z.codec(
  z
    .string()
    .regex(new RegExp(`^\\d{1,3}(,\\d{1,3}){0,${ZONES_MAX - 1}}$`), 'must be zones with commas between them'),
  z.array(z.int()),
  {
    decode: (text) => text.split(',').map(Number),
    encode: (zoneIds) => zoneIds.join(','),
  },
)

export const eventsInternalRoutes = {
  getEventInfo: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId',
    summary: 'Get an event in any state',
    access: readers,
    params,
    responses: { 200: EventInfo },
    refusals: [EVENT_NOT_FOUND],
  }),
  validateOrganizer: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId/validate-organizer/:userId',
    summary: 'Check whether a user organizes the event',
    access: readers,
    params: z.object({ eventId: EventId, userId: UserId }),
    responses: { 200: z.object({ isOrganizer: z.boolean(), eventId: EventId, userId: UserId }) },
    refusals: [EVENT_NOT_FOUND],
  }),
  getEventInfos: defineRoute({
    method: 'POST',
    path: '/api/events/internal/batch',
    summary: 'Get several events; unknown ones are left out',
    access: readers,
    body: z.strictObject({ eventIds: z.array(EventId).min(1).max(100) }),
    responses: { 200: z.object({ events: z.array(EventInfo) }) },
  }),
  getSeatingPlanInfo: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId/seating-plan',
    summary: 'Get the seats of an event and freeze them: the caller creates tickets for them',
    access: { services: ['ticket-service'] },
    params,
    query: z.object({
      zoneIds: ZoneIds.optional().meta({
        description: 'what tickets are made of: where one is not in the plan, it stays open to change',
      }),
    }),
    responses: { 200: jsonText(SeatingPlan) },
    refusals: [SEATING_PLAN_NOT_FOUND, ZONES_NOT_IN_PLAN],
  }),
} as const
