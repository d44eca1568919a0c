import type { Metrics } from '@boxoffice/service-kit'
import type pg from 'pg'
import { Gauge } from 'prom-client'

/** How many sagas stand in each state that is not an end, counted whenever somebody asks: an operator's first question. */
export function measureSagas(pool: pg.Pool, registry: Metrics['registry']): void {
  new Gauge({
    name: 'sagas_in_progress',
    help: 'purchases that are not at an end, by where they stand',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset()
      const { rows } = await pool
        .query<{ state: string; count: number }>(
          'select state, count(*)::int as count from sagas where next_attempt_at is not null group by state',
        )
        .catch(() => ({ rows: [] })) // the database is away: health says so
      for (const { state, count } of rows) this.set({ state }, count)
    },
  })
}
