import type { Metrics, Sql } from '@boxoffice/service-kit'
import { findLastRebuild } from './rebuild-repository.ts'

/** How far the rebuild at work is, measured whenever somebody asks: nothing while none is. */
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
    'archived messages that the rebuild at work has read',
    ['source'],
    measure('taken'),
  )
  metrics.measured(
    'rebuild_messages_expected',
    'archived messages there were when it began',
    ['source'],
    measure('total'),
  )
}
