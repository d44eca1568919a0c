import type { Metrics, Sql } from '@boxoffice/service-kit'
import { countDue, findOldestDueSeconds } from '../notifications/due-repository.ts'
import type { LeasedNotification } from '../notifications/notification.ts'

/** `held`: others caused many to its recipient, so that it waits; `gathered`: it is told of with another. */
type Outcome = 'sent' | 'failed' | 'suppressed' | 'retried' | 'withdrawn' | 'held' | 'gathered'

/**
 * Counts attempts to send, by channel and what came of them, and measures, whenever somebody asks, how many
 * notifications are due and since when the oldest is. What quiet hours hold up, or what others caused, is
 * not due.
 */
export function createSendingMetrics(sql: Sql, metrics: Metrics) {
  const attempts = metrics.counter(
    'notifications_total',
    'attempts to send a notification, by what came of them',
    ['channel', 'outcome'],
  )
  const ofDue = (name: string, help: string, measure: (sql: Sql) => Promise<number>) =>
    metrics.measured(name, help, [], async () => [{ labels: {}, value: await measure(sql) }])
  ofDue('notifications_pending', 'notifications that are due and not sent', countDue)
  ofDue(
    'notifications_oldest_pending_seconds',
    'how long the oldest notification that is due has been',
    findOldestDueSeconds,
  )
  return {
    count: ({ channel }: LeasedNotification, outcome: Outcome, times = 1) =>
      attempts.inc({ channel, outcome }, times),
  }
}
export type SendingMetrics = ReturnType<typeof createSendingMetrics>
