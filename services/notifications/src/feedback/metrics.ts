import type { Metrics, Sql } from '@boxoffice/service-kit'
import { countSuppressions } from '../suppressions/suppression-repository.ts'

/**
 * Counts what the mail provider tells of mails, and measures, whenever somebody asks, how many addresses get
 * none any more.
 */
export function createFeedbackMetrics(sql: Sql, metrics: Metrics) {
  const told = metrics.counter(
    'mail_feedback_total',
    'what the mail provider told of mails that it had taken',
    ['outcome'],
  )
  metrics.measured(
    'mail_suppressions',
    'addresses that get no mails any more, by cause',
    ['cause'],
    async () => {
      const rows = await countSuppressions(sql)
      return rows.map(({ cause, value }) => ({ labels: { cause }, value }))
    },
  )
  return { count: (outcome: 'bounced' | 'rejected' | 'delayed' | 'complained') => told.inc({ outcome }) }
}
export type FeedbackMetrics = ReturnType<typeof createFeedbackMetrics>
