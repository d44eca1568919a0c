import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { OrderId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { ORDER_NOT_FOUND, SAGA_ENDED } from './refusals.ts'

/** A saga as operators see it. */
export const SagaFigures = z.object({
  orderId: OrderId,
  state: z.string(),
  since: Instant.meta({ description: 'when it came into this state' }),
  attempts: z.int(),
  lastError: z.string().optional().meta({ description: 'why the last attempt at its step came to nothing' }),
  leaseUntil: Instant.optional().meta({ description: 'somebody works on it' }),
  nextAttemptAt: Instant.optional().meta({ description: 'absent where nothing is left to do' }),
})
export type SagaFigures = z.output<typeof SagaFigures>

export const SagaJournal = SagaFigures.extend({
  events: z.array(
    z.object({
      seq: z.int(),
      at: Instant,
      moment: z.enum(['INTENT', 'RESULT', 'NOTE']),
      step: z.string(),
      result: z.string().nullable(),
      state: z.string(),
      fence: z.int().meta({ description: 'grows with every worker that took the saga over' }),
      input: z.unknown().meta({ description: 'what the table of the saga was given' }),
      detail: z.unknown(),
    }),
  ),
})
export type SagaJournal = z.output<typeof SagaJournal>

export const paymentsSagaRoutes = {
  listSagas: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/sagas',
    summary: 'Purchases and refunds that are on their way, or those in one state; the newest first',
    access: 'admin',
    query: Page.extend({
      state: z
        .string()
        .regex(/^[A-Z_]{1,40}$/)
        .optional(),
    }),
    responses: {
      200: z.object({
        byState: z.record(z.string(), z.int()),
        sagas: z.array(SagaFigures),
        nextCursor: NextCursor,
      }),
    },
  }),
  getSaga: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/sagas/:orderId',
    summary: 'The journal of an order: what was meant and what came of it',
    access: 'admin',
    params: z.object({ orderId: OrderId }),
    responses: { 200: SagaJournal },
    refusals: [ORDER_NOT_FOUND],
  }),
  resumeSaga: defineRoute({
    method: 'POST',
    path: '/api/payments/ops/sagas/:orderId/resume',
    summary: 'Work a saga on now rather than when its wait is over',
    access: 'admin',
    params: z.object({ orderId: OrderId }),
    responses: { 202: SagaFigures },
    refusals: [ORDER_NOT_FOUND, SAGA_ENDED],
  }),
} as const
