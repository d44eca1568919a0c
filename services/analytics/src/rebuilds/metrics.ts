import type { Metrics, Sql } from '@boxoffice/service-kit'
import { findLastRebuild } from './rebuild-repository.ts'

/** Measures the progress of a running rebuild at each scrape; no figures while none is running. */
export function measureRebuilds(sql: Sql, metrics: Pick<Metrics, 'measured'>): void {
  const measure = (value: 'taken' | 'total') => async () => {
    const rebuild = await findLastRebuild(sql)
    if (rebuild?.status !== 'RUNNING') return []
    return rebuild.sources.map((source) => ({
      labels: { source: source.service },
      value: source[value] ?? Number.NaN,
    }))
  }
  metrics.measured(
    'rebuild_messages_taken',
    'archived messages read by the running rebuild',
    ['source'],
    measure('taken'),
  )
  metrics.measured(
    'rebuild_messages_expected',
    'archived messages when the rebuild began',
    ['source'],
    measure('total'),
  )
}
