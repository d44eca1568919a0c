import { createIdempotencySweeper, type SqlDatabase, type Worker } from '@boxoffice/service-kit'
import { createAnnouncer } from './announcements/announcer.ts'
import { createDeadLetterMonitor } from './dead-letters/monitor.ts'
import type { Dependencies } from './dependencies.ts'
import { translateSesEvent } from './feedback/ses-event.ts'
import { feedbackSubscribers } from './feedback/subscriptions.ts'
import { createReminderClock } from './reminders/reminder-clock.ts'
import { handleBatch, notificationSubscribers } from './subscriptions.ts'

/** The relay is first, so that it stops last and publishes what the others append. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { db, messaging, sender, config } = deps
  const announcer = createAnnouncer({ ...deps, ...config.delivery, onEnqueued: sender.nudge })
  const { leaseMs, pollMs } = config.delivery
  const reminders = createReminderClock({ ...deps, leaseMs, pollMs, onAnnounced: announcer.nudge })
  const consumer = messaging.consumeWith('notification-queue', notificationSubscribers(deps), {
    db: nudging(deps.sql, () => {
      sender.nudge()
      announcer.nudge()
    }),
    together: handleBatch(deps),
  })
  const feedback = messaging.consumeWith('mail-feedback-queue', feedbackSubscribers(deps.feedback), {
    db,
    translate: translateSesEvent,
  })
  const monitor = createDeadLetterMonitor({ ...deps, ...config.deadLetters })
  return [
    messaging.relay,
    messaging.housekeeping,
    createIdempotencySweeper(deps),
    monitor,
    sender,
    announcer,
    reminders,
    feedback,
    consumer,
  ]
}

/** Nudges after each commit, so that a message's notifications are sent at once. */
const nudging = (db: SqlDatabase, nudge: () => void): Pick<SqlDatabase, 'transact'> => ({
  transact: (work, options) =>
    db.transact((tx) => {
      tx.afterCommit(nudge)
      return work(tx)
    }, options),
})
