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
import {
  completeReminder,
  type LeasedReminder,
  leaseReminders,
  putOffReminder,
} from './reminder-repository.ts'

const REMINDERS_AT_ONCE = 20
const FIRST_WAIT_MS = 1_000

/**
 * Turns due reminders into announcements, which are then sent page by page. The announcement and the
 * reminder's completion are one commit. It checks the event first, because messages about it may be late.
 */
export function createReminderClock(
  deps: Pick<Foundation, 'logger' | 'newId' | 'now'> & {
    db: Database
    peers: Pick<Peers, 'find'>
    config: ReminderConfig
    leaseMs: number
    pollMs: number
    /** Called when an announcement was added. */
    onAnnounced: () => void
  },
): Worker {
  const { db, logger, now, leaseMs } = deps
  const { reminderLeadMs: leadMs } = deps.config

  async function begin(reminder: LeasedReminder): Promise<void> {
    const { eventId } = reminder
    const due = judgeDue(await deps.peers.find.event(eventId), { now: now(), leadMs })
    const isBegun = await db.transact(async (tx) => {
      const completed = await completeReminder(tx, reminder, {
        dueAt: 'laterAt' in due ? due.laterAt : null,
        remindedFor: 'remind' in due ? due.eventDate : null,
      })
      if (!completed || !('remind' in due)) return false
      await insertAnnouncement(tx, due.remind)
      return true
    })
    if (!isBegun) return
    logger.info({ eventId }, 'ticket holders are being reminded of their event')
    deps.onAnnounced()
  }

  const beginOrLater = (reminder: LeasedReminder): Promise<void> =>
    withCorrelationId(reminder.eventId, () => outsideTrace(() => begin(reminder))).catch(async (error) => {
      const { eventId, attempts } = reminder
      const waitMs = waitAfter(attempts, FIRST_WAIT_MS)
      logger.warn(
        { err: blanked(error), eventId, attempts, waitMs },
        'starting a reminder failed, will be retried',
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
