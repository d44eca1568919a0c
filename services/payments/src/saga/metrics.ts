import type { SagaState } from '@boxoffice/contracts'
import type { Metrics, Sql } from '@boxoffice/service-kit'
import { measureSagas } from './saga-measures-repository.ts'
import { declarationOf } from './states.ts'

/**
 * Counts orders by outcome, and measures at each scrape how many sagas are in each non-terminal state, and
 * since when.
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
  const perState = (name: string, help: string, measure: 'count' | 'oldestSeconds') =>
    metrics.measured(name, help, ['state'], async () =>
      (await measureSagas(db)).map(({ state, ...measured }) => ({
        labels: { state },
        value: measured[measure],
      })),
    )
  perState('sagas_in_progress', 'purchases and refunds that are not at an end, by where they stand', 'count')
  perState(
    'sagas_oldest_seconds',
    'how long the oldest saga has been in each non-terminal state',
    'oldestSeconds',
  )
  return {
    placed: () => orders.inc({ outcome: 'placed' }),
    /** Counted before the commit; the rare rollback leads to counting twice. */
    moved(from: SagaState, to: SagaState): void {
      const { outcome, outcomeFrom = from } = declarationOf(to)
      if (outcome && from !== to && from === outcomeFrom) orders.inc({ outcome })
    },
    compensationFailed: (step: string) => failures.inc({ step }),
  }
}
export type SagaMetrics = ReturnType<typeof createSagaMetrics>
