import type { Metrics, Sql } from '@boxoffice/service-kit'
import { countDue, findOldestDueSeconds } from '../notifications/due-repository.ts'
import type { LeasedNotification } from '../notifications/notification.ts'

/** `held`: delayed because others caused many to its recipient; `gathered`: merged into another. */
type Outcome = 'sent' | 'failed' | 'suppressed' | 'retried' | 'withdrawn' | 'held' | 'gathered'

/**
 * Counts send attempts by channel and outcome, and measures the number and age of due notifications when
 * metrics are read. Those that wait for quiet hours or limits are not due.
 */
export function createSendingMetrics(sql: Sql, metrics: Metrics) {
  const attempts = metrics.counter('notifications_total', 'attempts to send a notification, by outcome', [
    'channel',
    'outcome',
  ])
  const ofDue = (name: string, help: string, measure: (sql: Sql) => Promise<number>) =>
    metrics.measured(name, help, [], async () => [{ labels: {}, value: await measure(sql) }])
  ofDue('notifications_pending', 'notifications that are due and not sent', countDue)
  ofDue('notifications_oldest_pending_seconds', 'age of the oldest due notification', findOldestDueSeconds)
  return {
    count: ({ channel }: LeasedNotification, outcome: Outcome, times = 1) =>
      attempts.inc({ channel, outcome }, times),
  }
}
export type SendingMetrics = ReturnType<typeof createSendingMetrics>
