import { createIdempotencySweeper, sqlOf, transact as transactOnPool, type Worker } from '@boxoffice/service-kit'
import { createAnnouncer } from './announcements/announcer.ts'
import { createDeadLetterMonitor } from './dead-letters/monitor.ts'
import type { Dependencies } from './dependencies.ts'
import { feedbackTransact } from './feedback/feedback-transaction.ts'
import { translateSesEvent } from './feedback/ses-event.ts'
import { feedbackSubscribers } from './feedback/subscriptions.ts'
import { notificationSubscribers, takeTogether } from './notifications/subscriptions.ts'
import { createReminderClock } from './reminders/reminder-clock.ts'

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, sender, transact, config } = deps
  const announcer = createAnnouncer({ ...deps, ...config.delivery, told: sender.nudge })
  const { leaseMs, pollMs } = config.delivery
  const reminders = createReminderClock({ ...deps, leaseMs, pollMs, announced: announcer.nudge })
  const consumer = messaging.consumeWith('notification-queue', notificationSubscribers(deps), {
    async transact(work) {
      const result = await transactOnPool(deps.pool, work)
      sender.nudge()
      announcer.nudge()
      return result
    },
    sqlOf: (tx) => tx,
    together: takeTogether(deps),
  })
  const feedback = messaging.consumeWith('mail-feedback-queue', feedbackSubscribers(deps.feedback), {
    transact: feedbackTransact(transact),
    sqlOf: ({ tx }) => sqlOf(tx),
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
