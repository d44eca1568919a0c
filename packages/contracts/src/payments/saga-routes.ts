import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { OrderId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { ORDER_NOT_FOUND, SAGA_ENDED } from './refusals.ts'

/** A saga as operators see it. */
export const SagaFigures = z.object({
  orderId: OrderId,
  state: z.string(),
  since: Instant.meta({ description: 'when it entered this state' }),
  attempts: z.int(),
  lastError: z.string().optional().meta({ description: 'why the last attempt of its step failed' }),
  leaseUntil: Instant.optional().meta({ description: 'whether a worker holds its lease' }),
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
      fence: z.int().meta({ description: 'increases with every worker that takes the saga over' }),
      input: z.unknown().meta({ description: "the input of the saga's transition table" }),
      detail: z.unknown(),
    }),
  ),
})
export type SagaJournal = z.output<typeof SagaJournal>

export const paymentsSagaRoutes = {
  listSagas: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/sagas',
    summary: 'List purchases and refunds in progress, or those in one state, newest first',
    access: 'operator',
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
    summary: 'Get the journal of an order: intents and outcomes',
    access: 'operator',
    params: z.object({ orderId: OrderId }),
    responses: { 200: SagaJournal },
    refusals: [ORDER_NOT_FOUND],
  }),
  resumeSaga: defineRoute({
    method: 'POST',
    path: '/api/payments/ops/sagas/:orderId/resume',
    summary: 'Run a saga now instead of after its wait',
    access: 'operator',
    params: z.object({ orderId: OrderId }),
    responses: { 202: SagaFigures },
    refusals: [ORDER_NOT_FOUND, SAGA_ENDED],
  }),
} as const
