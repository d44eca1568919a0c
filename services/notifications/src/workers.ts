import { createIdempotencySweeper, sqlOf, type Worker } from '@boxoffice/service-kit'
import type { Dependencies } from './dependencies.ts'
import { notificationSubscribers } from './notifications/subscriptions.ts'

/** The relay first: it stops last, when the others have said what they had to say. */
export function buildWorkers(deps: Dependencies): Worker[] {
  const { messaging, sender, transact } = deps
  const consumer = messaging.consumeWith('notification-queue', notificationSubscribers(deps), {
    async transact(work) {
      const result = await transact(work)
      sender.nudge()
      return result
    },
    sqlOf,
  })
  return [messaging.relay, messaging.housekeeping, createIdempotencySweeper(deps), sender, consumer]
}
