import * as z from 'zod'
import type { ServiceKey } from '../values/services.ts'
import { Instant } from '../values/text.ts'
import { defineRoute } from './define-route.ts'

/** An invariant of a service's database and whether it holds. */
export const InvariantResult = z.object({
  invariant: z.string().meta({ description: 'its number, such as I1' }),
  statement: z.string(),
  holds: z
    .enum(['ALWAYS', 'WHEN_IDLE'])
    .meta({ description: 'WHEN_IDLE: work in progress contradicts it for a while' }),
  violations: z
    .int()
    .nullable()
    .meta({ description: 'rows that contradict it; null: the check took too long' }),
  examples: z.array(z.record(z.string(), z.unknown())).meta({ description: 'up to five of them' }),
  tookMs: z.int(),
})
export type InvariantResult = z.output<typeof InvariantResult>

const invariantsOf = (service: ServiceKey) =>
  ({
    checkInvariants: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/invariants`,
      summary: 'Check the invariants of the database of this service',
      access: 'operator',
      responses: { 200: z.object({ checkedAt: Instant, invariants: z.array(InvariantResult) }) },
    }),
  }) as const
export type InvariantRoutes = ReturnType<typeof invariantsOf>

export const authInvariantRoutes = invariantsOf('auth')
export const eventsInvariantRoutes = invariantsOf('events')
export const ticketsInvariantRoutes = invariantsOf('tickets')
export const paymentsInvariantRoutes = invariantsOf('payments')
export const notificationsInvariantRoutes = invariantsOf('notifications')
export const analyticsInvariantRoutes = invariantsOf('analytics')
