import type { NotificationId } from '@boxoffice/contracts'
import type { Foundation, SqlDatabase } from '@boxoffice/service-kit'
import { blanked } from '../notifications/blanked.ts'
import type { ObsoleteReason } from '../notifications/failure.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { postpone, withdraw } from '../notifications/notification-repository.ts'
import { workingTitles } from '../notifications/payloads.ts'
import type { Ended } from './composition.ts'
import type { DeliveryRecords } from './delivery-records.ts'

/** Why it is not sent now; `waitMs`: until its recipient's quiet hours end. */
export type End = Ended | { suppressed: true } | { waitMs: number }

/** Counts attempts by outcome. */
export interface AttemptCount {
  count(notification: LeasedNotification, outcome: AttemptOutcome): void
}
type AttemptOutcome = 'sent' | 'failed' | 'suppressed' | 'retried' | 'withdrawn'

/** Returns the provider id of a push that a device received; null if none did. */
export type FindTakenPush = (notificationId: NotificationId) => Promise<string | null>

const ADDRESS_SUPPRESSED = 'ADDRESS_SUPPRESSED'

/** Records, counts and logs the outcomes of notifications. */
export function createOutcomes(
  options: Pick<Foundation, 'logger' | 'now'> & {
    db: SqlDatabase
    findTakenPush: FindTakenPush
    sendingMetrics: AttemptCount
  },
  settling: DeliveryRecords,
) {
  const { db, logger, now, sendingMetrics } = options

  function end(notification: LeasedNotification, ended: End): Promise<void> {
    if ('dropped' in ended) return fail(notification, ended.dropped)
    if ('obsolete' in ended) return withdrawOrCancel(notification, ended.obsolete)
    if ('suppressed' in ended) return fail(notification, ADDRESS_SUPPRESSED)
    return postpone(db, notification, ended.waitMs)
  }

  async function succeed(
    notification: LeasedNotification,
    subject: string,
    providerMessageId: string,
  ): Promise<void> {
    const sentAt = now()
    const settled = await settling.sent(notification, { subject, providerMessageId, sentAt })
    const about = aboutOf(notification)
    sendingMetrics.count(notification, 'sent')
    if (settled) logger.info(about, 'a notification was sent')
    else logger.warn(about, 'a notification was sent that was already in a terminal state')
  }

  /** Records a push that one device received as sent, whatever happened on the others. */
  async function endedAsTaken(notification: LeasedNotification): Promise<boolean> {
    const { channel, type, notificationId } = notification
    const takenAs = channel === 'PUSH' ? await options.findTakenPush(notificationId) : null
    if (takenAs === null) return false
    await succeed(notification, workingTitles[type], takenAs)
    return true
  }

  async function withdrawOrCancel(notification: LeasedNotification, reason: ObsoleteReason): Promise<void> {
    if (await endedAsTaken(notification)) return
    // The requesting service can look up the result.
    const take =
      notification.requestedBy === null
        ? withdraw(db, notification)
        : settling.cancelled(notification, reason)
    if (!(await take)) return
    sendingMetrics.count(notification, 'withdrawn')
    logger.info({ ...contextOf(notification), reason }, 'an obsolete notification was withdrawn')
  }

  /** `error`: the error of the last attempt, if that is the reason. */
  async function fail(
    notification: LeasedNotification,
    failureReason: string,
    error?: unknown,
  ): Promise<void> {
    if ((await endedAsTaken(notification)) || !(await settling.failed(notification, failureReason))) return
    sendingMetrics.count(notification, failureReason === ADDRESS_SUPPRESSED ? 'suppressed' : 'failed')
    const why = { failureReason, ...(error !== undefined && { err: blanked(error) }) }
    logger.error({ ...contextOf(notification), ...why }, 'a notification cannot be sent')
  }

  return { end, succeed, fail, renew: settling.renew }
}

const aboutOf = ({ notificationId, type, channel, attempts }: LeasedNotification) => ({
  notificationId,
  type,
  channel,
  attempts,
})

/**
 * Returns the log fields of a notification: ids of its subject and its cause, its age; no addresses, no
 * names.
 */
export function contextOf(notification: LeasedNotification) {
  const { recipientId, orderId, eventId, template, requestedBy, priority, resendOf, createdAt } = notification
  const given = { recipientId, orderId, eventId, template, requestedBy, resendOf }
  const known = Object.entries(given).filter(([, value]) => value !== null)
  return { ...aboutOf(notification), priority, ...Object.fromEntries(known), createdAt }
}
