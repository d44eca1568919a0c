import type { NotificationId } from '@boxoffice/contracts'
import type { Foundation, SqlDatabase } from '@boxoffice/service-kit'
import { blanked } from '../notifications/blanked.ts'
import type { PointlessReason } from '../notifications/failure.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { postpone, withdraw } from '../notifications/notification-repository.ts'
import { workingTitles } from '../notifications/payloads.ts'
import type { Ended } from './composition.ts'
import type { Settling } from './settling.ts'

/** Why it is not handed over now; `waitMs`: its recipient is left alone until then. */
export type End = Ended | { suppressed: true } | { waitMs: number }

/** Counts attempts, by what came of them. */
export interface AttemptCount {
  count(notification: LeasedNotification, outcome: AttemptOutcome): void
}
type AttemptOutcome = 'sent' | 'failed' | 'suppressed' | 'retried' | 'withdrawn'

/** What a push is called that a device took; null where none did. */
export type FindTakenPush = (notificationId: NotificationId) => Promise<string | null>

const ADDRESS_SUPPRESSED = 'ADDRESS_SUPPRESSED'

/** What becomes of notifications: written down, counted and logged. */
export function createOutcomes(
  options: Pick<Foundation, 'logger' | 'now'> & {
    db: SqlDatabase
    findTakenPush: FindTakenPush
    sendingMetrics: AttemptCount
  },
  settling: Settling,
) {
  const { db, logger, now, sendingMetrics } = options

  function end(notification: LeasedNotification, ended: End): Promise<void> {
    if ('dropped' in ended) return fail(notification, ended.dropped)
    if ('pointless' in ended) return takeBack(notification, ended.pointless)
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
    else logger.warn(about, 'a notification was sent that was settled already')
  }

  /** What a device took is sent, whatever has become of the others. */
  async function endedAsTaken(notification: LeasedNotification): Promise<boolean> {
    const { channel, type, notificationId } = notification
    const takenAs = channel === 'PUSH' ? await options.findTakenPush(notificationId) : null
    if (takenAs === null) return false
    await succeed(notification, workingTitles[type], takenAs)
    return true
  }

  async function takeBack(notification: LeasedNotification, reason: PointlessReason): Promise<void> {
    if (await endedAsTaken(notification)) return
    // Who asked for it may look up what became of it.
    const take =
      notification.requestedBy === null
        ? withdraw(db, notification)
        : settling.cancelled(notification, reason)
    if (!(await take)) return
    sendingMetrics.count(notification, 'withdrawn')
    logger.info({ ...contextOf(notification), reason }, 'there is nothing to tell')
  }

  /** `error`: what the last attempt ended with, where that is why. */
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
 * What it was about, of which message or request, and for how long it has waited: ids alone, no addresses, no
 * names.
 */
export function contextOf(notification: LeasedNotification) {
  const { recipientId, orderId, eventId, template, requestedBy, priority, resendOf, createdAt } = notification
  const given = { recipientId, orderId, eventId, template, requestedBy, resendOf }
  const known = Object.entries(given).filter(([, value]) => value !== null)
  return { ...aboutOf(notification), priority, ...Object.fromEntries(known), createdAt }
}
