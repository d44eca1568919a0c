import { setTimeout as sleep } from 'node:timers/promises'
import type { Notification, UserId } from '@boxoffice/contracts'
import type { Foundation, Logger } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { type Glimpse, glimpseLogs } from './log-repository.ts'

/** A change of a log: the unread count, and the notification that was just sent, if that is the change. */
export interface LogChange {
  unreadCount: number
  notification?: Notification
}

/** Watches a user's log: its state, then every change, until `signal` is aborted. */
export type WatchLog = (userId: UserId, signal: AbortSignal) => AsyncIterable<LogChange>

/**
 * Longer than a commit takes plus the clock difference of two instances, so that nothing is missed. Ids
 * remove duplicates.
 */
const LOOK_BACK_MS = 300_000

/** Reads the table once per `pollMs` for all watchers of this process, since other processes send too. */
export function createLogWatch(deps: {
  db: Database
  now: Foundation['now']
  logger: Logger
  pollMs: number
}): WatchLog {
  const watchers = new Map<UserId, number>()
  let round: Promise<ReadonlyMap<UserId, Glimpse>> | null = null
  const readLogs = (userIds: readonly UserId[]) =>
    glimpseLogs(deps.db, userIds, new Date(deps.now().getTime() - LOOK_BACK_MS))

  function nextRound(): Promise<ReadonlyMap<UserId, Glimpse>> {
    round ??= sleep(deps.pollMs, undefined, { ref: false }).then(async () => {
      round = null
      try {
        return await readLogs([...watchers.keys()])
      } catch (error) {
        deps.logger.warn({ err: error }, 'reading watched logs failed, will be retried')
        return new Map()
      }
    })
    return round
  }

  return async function* watch(userId, signal) {
    watchers.set(userId, (watchers.get(userId) ?? 0) + 1)
    try {
      let log = (await readLogs([userId])).get(userId) as Glimpse
      yield { unreadCount: log.unreadCount }
      for (;;) {
        // Not raced against the signal: a promise as long-lived as the stream would retain every round's
        // result.
        const next = (await nextRound()).get(userId)
        if (signal.aborted) return
        if (!next) continue
        yield* changesBetween(log, next)
        log = next
      }
    } finally {
      const left = (watchers.get(userId) ?? 1) - 1
      if (left > 0) watchers.set(userId, left)
      else watchers.delete(userId)
    }
  }
}

/** Returns the changes of a log: each new notification once, or the count alone if only that changed. */
export function changesBetween(before: Glimpse, after: Glimpse): LogChange[] {
  const { unreadCount } = after
  const known = new Set(before.sent.map(({ notificationId }) => notificationId))
  const fresh = after.sent.filter(({ notificationId }) => !known.has(notificationId))
  if (fresh.length > 0) return fresh.map((notification) => ({ unreadCount, notification }))
  return before.unreadCount === unreadCount ? [] : [{ unreadCount }]
}
