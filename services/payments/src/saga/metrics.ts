import type { Metrics, Sql } from '@boxoffice/service-kit'
import type { SagaState } from './saga.ts'

/** What an order came to when its saga reached a state. */
const outcomes: Partial<Record<SagaState, string>> = {
  AWAITING_TICKETS: 'paid',
  CONFIRMED: 'confirmed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  REFUNDED: 'refunded',
}

/**
 * Counts orders by what became of them, and how many sagas stand in each state that is not an end, and since
 * when, measured whenever somebody asks: an operator's first questions.
 */
export function createSagaMetrics(db: Sql, metrics: Metrics) {
  const orders = metrics.counter(
    'orders_total',
    'orders that were placed, paid, confirmed, failed, cancelled, refunded',
    ['outcome'],
  )
  const failures = metrics.counter(
    'compensation_failures_total',
    'steps that undo something and failed five times',
    ['step'],
  )
  const perState = (name: string, help: string, value: string) =>
    metrics.measured(name, help, ['state'], async () => {
      const rows = await db.query<{ state: string; value: number }>(
        `select state, ${value} as value from sagas where next_attempt_at is not null group by state`,
      )
      return rows.map(({ state, value }) => ({ labels: { state }, value }))
    })
  perState(
    'sagas_in_progress',
    'purchases and refunds that are not at an end, by where they stand',
    'count(*)::int',
  )
  perState(
    'sagas_oldest_seconds',
    'how long the oldest saga of each state that is not an end has stood there',
    'extract(epoch from clock_timestamp() - min(since))::float8',
  )
  return {
    placed: () => orders.inc({ outcome: 'placed' }),
    /** Counted as it is written: what is rolled back then, which is rare, is counted again. */
    moved(from: SagaState, to: SagaState): void {
      const outcome = from === to ? undefined : outcomes[to]
      // An order whose refund was refused, or which keeps tickets, is confirmed as it was before.
      if (outcome && (to !== 'CONFIRMED' || from === 'AWAITING_TICKETS')) orders.inc({ outcome })
    },
    compensationFailed: (step: string) => failures.inc({ step }),
  }
}
export type SagaMetrics = ReturnType<typeof createSagaMetrics>
