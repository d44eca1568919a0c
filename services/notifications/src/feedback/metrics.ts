import type { Metrics, Sql } from '@boxoffice/service-kit'
import { countSuppressions } from '../suppressions/suppression-repository.ts'

/** Counts feedback of the mail provider, and measures suppressed addresses when metrics are read. */
export function createFeedbackMetrics(sql: Sql, metrics: Metrics) {
  const feedback = metrics.counter(
    'mail_feedback_total',
    'feedback of the mail provider about accepted mails',
    ['outcome'],
  )
  metrics.measured('mail_suppressions', 'suppressed addresses, by cause', ['cause'], async () => {
    const rows = await countSuppressions(sql)
    return rows.map(({ cause, value }) => ({ labels: { cause }, value }))
  })
  return { count: (outcome: 'bounced' | 'rejected' | 'delayed' | 'complained') => feedback.inc({ outcome }) }
}
export type FeedbackMetrics = ReturnType<typeof createFeedbackMetrics>
