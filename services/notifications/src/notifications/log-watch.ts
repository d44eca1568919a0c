import { setTimeout as sleep } from 'node:timers/promises'
import type { Notification, UserId } from '@boxoffice/contracts'
import type { Foundation, Logger } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { type Glimpse, glimpseLogs } from './log-repository.ts'

/**
 * What a watcher of a log is told: how many are unread, and what has just been sent where that is why it is
 * told.
 */
export interface LogChange {
  unreadCount: number
  notification?: Notification
}

/** Watch a user's log: how it stands, then every change, until `signal` is aborted. */
export type WatchLog = (userId: UserId, signal: AbortSignal) => AsyncIterable<LogChange>

/**
 * Longer than a commit takes and clocks of two instances differ: nothing slips past that is told once by its
 * id.
 */
const LOOK_BACK_MS = 300_000

/**
 * One look at the table each `pollMs` and process for all who watch, whoever sends: other processes do too.
 */
export function createLogWatch(deps: {
  db: Database
  now: Foundation['now']
  logger: Logger
  pollMs: number
}): WatchLog {
  const watchers = new Map<UserId, number>()
  let round: Promise<ReadonlyMap<UserId, Glimpse>> | null = null
  const look = (userIds: readonly UserId[]) =>
    glimpseLogs(deps.db, userIds, new Date(deps.now().getTime() - LOOK_BACK_MS))

  function nextRound(): Promise<ReadonlyMap<UserId, Glimpse>> {
    round ??= sleep(deps.pollMs, undefined, { ref: false }).then(async () => {
      round = null
      try {
        return await look([...watchers.keys()])
      } catch (error) {
        deps.logger.warn({ err: error }, 'the logs that are watched could not be read; they are read again')
        return new Map()
      }
    })
    return round
  }

  return async function* watch(userId, signal) {
    watchers.set(userId, (watchers.get(userId) ?? 0) + 1)
    try {
      let log = (await look([userId])).get(userId) as Glimpse
      yield { unreadCount: log.unreadCount }
      for (;;) {
        // Not raced against the signal: a promise that lasts as long as the stream would keep every round's
        // answer.
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

/** What is new in a log: each notification once, or the count alone where only that changed. */
export function changesBetween(before: Glimpse, after: Glimpse): LogChange[] {
  const { unreadCount } = after
  const told = new Set(before.sent.map(({ notificationId }) => notificationId))
  const fresh = after.sent.filter(({ notificationId }) => !told.has(notificationId))
  if (fresh.length > 0) return fresh.map((notification) => ({ unreadCount, notification }))
  return before.unreadCount === unreadCount ? [] : [{ unreadCount }]
}
