import type { Metrics, Sql } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'

/** `held`: others caused many to its recipient, so that it waits; `gathered`: it is told of with another. */
type Outcome = 'sent' | 'failed' | 'suppressed' | 'retried' | 'withdrawn' | 'held' | 'gathered'

/**
 * Counts attempts to send, by channel and what came of them, and measures, whenever somebody asks, how many
 * notifications are due and since when the oldest is. What quiet hours hold up, or what others caused, is
 * not due.
 */
export function createSendingMetrics(sql: Sql, metrics: Metrics) {
  const attempts = metrics.counter('notifications_total', 'attempts to send a notification, by what came of them', [
    'channel',
    'outcome',
  ])
  const ofDue = (name: string, help: string, value: string) =>
    metrics.measured(name, help, [], async () => {
      const [row] = await sql.query<{ value: number }>(
        `select ${value} as value from notifications
         where status in ('PENDING', 'SENDING') and (attempts > 0 or next_attempt_at <= clock_timestamp())
           and (held_until is null or held_until <= clock_timestamp())`,
      )
      return [{ labels: {}, value: row?.value ?? 0 }]
    })
  // One browser that is never there again holds its push up for hours: that is nobody's alarm.
  const isNoPush = `filter (where channel <> 'PUSH')`
  ofDue('notifications_pending', 'notifications that are due and not sent', 'count(*)::int')
  ofDue(
    'notifications_oldest_pending_seconds',
    'how long the oldest notification that is due has been',
    // One that waited for the morning is due since then; an attempt that fails does not make it younger.
    `coalesce(extract(epoch from clock_timestamp()
       - min(greatest(held_until, case when urgent or attempts > 1 then created_at else next_attempt_at end)) ${isNoPush}), 0)::float8`,
  )
  return {
    count: ({ channel }: LeasedNotification, outcome: Outcome, times = 1) => attempts.inc({ channel, outcome }, times),
  }
}
export type SendingMetrics = ReturnType<typeof createSendingMetrics>
