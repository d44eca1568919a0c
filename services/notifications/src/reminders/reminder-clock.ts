import {
  createSweeper,
  type Foundation,
  outsideTrace,
  type Worker,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { insertAnnouncement } from '../announcements/announcement-repository.ts'
import type { Database } from '../database.ts'
import { blanked } from '../notifications/blanked.ts'
import { waitAfter } from '../notifications/notification.ts'
import type { Peers } from '../peers/peers.ts'
import { judgeDue, type ReminderConfig } from './reminder.ts'
import { type LeasedReminder, leaseReminders, putOffReminder, settleReminder } from './reminder-repository.ts'

const REMINDERS_AT_ONCE = 20
const FIRST_WAIT_MS = 1_000

/**
 * Turns reminders that are due into announcements, which are spread page by page like others: that, and that
 * it was done, are one commit. The event is looked at first, as it is now: messages about it may be late.
 */
export function createReminderClock(
  deps: Pick<Foundation, 'logger' | 'newId' | 'now'> & {
    db: Database
    peers: Pick<Peers, 'find'>
    config: ReminderConfig
    leaseMs: number
    pollMs: number
    /** There are announcements to be spread. */
    announced: () => void
  },
): Worker {
  const { db, logger, now, leaseMs } = deps
  const { reminderLeadMs: leadMs } = deps.config

  async function begin(reminder: LeasedReminder): Promise<void> {
    const { eventId } = reminder
    const due = judgeDue(await deps.peers.find.event(eventId), { now: now(), leadMs })
    const isBegun = await db.transact(async (tx) => {
      const settled = await settleReminder(tx, reminder, {
        dueAt: 'laterAt' in due ? due.laterAt : null,
        remindedFor: 'remind' in due ? due.eventDate : null,
      })
      if (!settled || !('remind' in due)) return false
      await insertAnnouncement(tx, due.remind)
      return true
    })
    if (!isBegun) return
    logger.info({ eventId }, 'whoever holds a ticket is reminded of its event')
    deps.announced()
  }

  const beginOrLater = (reminder: LeasedReminder): Promise<void> =>
    withCorrelationId(reminder.eventId, () => outsideTrace(() => begin(reminder))).catch(async (error) => {
      const { eventId, attempts } = reminder
      const waitMs = waitAfter(attempts, FIRST_WAIT_MS)
      logger.warn(
        { err: blanked(error), eventId, attempts, waitMs },
        'reminder was not begun, will be retried',
      )
      await putOffReminder(db, reminder, waitMs)
    })

  async function sweep(): Promise<{ more: boolean }> {
    const leased = await leaseReminders(db, { lease: deps.newId(), limit: REMINDERS_AT_ONCE, leaseMs })
    await Promise.all(leased.map(beginOrLater))
    return { more: leased.length === REMINDERS_AT_ONCE }
  }

  return createSweeper({ name: 'reminders', intervalMs: deps.pollMs, sweep, logger })
}
