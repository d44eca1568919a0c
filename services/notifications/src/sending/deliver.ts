import type { NotificationType } from '@boxoffice/contracts'
import {
  continueTrace,
  type Foundation,
  isTransient,
  markFailed,
  ServiceUnavailable,
  type Span,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { addressHashOf, isHeldBack } from '../feedback/suppression.ts'
import { listSuppressions } from '../feedback/suppression-repository.ts'
import type { PrismaClient } from '../generated/prisma/client.ts'
import { type LeasedNotification, waitAfter, waitForPeerAfter } from '../notifications/notification.ts'
import { postpone, renewLease, settle, withdraw } from '../notifications/notification-repository.ts'
import { findChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import type { Transact } from '../transaction.ts'
import { blanked } from './blanked.ts'
import type { createComposer } from './compose.ts'
import type { PointlessReason } from './content.ts'
import type { Prepare } from './hand-over.ts'
import type { SendingMetrics } from './metrics.ts'
import type { TicketNews } from './ticket-news.ts'

export interface DeliveryOptions extends Pick<Foundation, 'logger' | 'crashAt' | 'now'> {
  prisma: PrismaClient
  transact: Transact
  ticketNews: TicketNews
  compose: ReturnType<typeof createComposer>
  prepare: Prepare
  leaseMs: number
  /** By channel: how long the first wait is. */
  firstWaitMs: Readonly<Record<LeasedNotification['channel'], number>>
  attemptsMax: number
  sendingMetrics: SendingMetrics
}

/** One attempt to bring a leased notification to its end: SENT, FAILED, or due again later. Never rejects. */
export type Deliver = (notification: LeasedNotification, isStopping: () => boolean) => Promise<void>

const SETTLE_ATTEMPTS = 6
const ADDRESS_SUPPRESSED = 'ADDRESS_SUPPRESSED'

export function createDelivery(options: DeliveryOptions): Deliver {
  const { prisma, transact, ticketNews, logger, crashAt, now, sendingMetrics } = options

  async function attempt(notification: LeasedNotification, isStopping: () => boolean): Promise<void> {
    const { notificationId, type } = notification
    const composition = await options.compose(notification)
    if ('dropped' in composition) return fail(notification, composition.dropped)
    if ('pointless' in composition) return takeBack(notification, composition.pointless)
    const { composed } = composition
    if (composed.channel === 'EMAIL' && (await isSuppressed(type, composed.to.address)))
      return fail(notification, ADDRESS_SUPPRESSED)
    const handOver = await options.prepare(composed, { notificationId, type, date: now() })
    if (isStopping()) return postpone(prisma, notification, 0)
    // Gathering may have taken long: without the lease another sends it, and with it nobody else does for its whole length.
    if (!(await renewLease(prisma, notification, options.leaseMs))) return
    crashAt('mail.before-send')
    const handed = await handOver()
    crashAt('mail.after-send')
    if (!handed.accepted) return fail(notification, handed.reason)
    const subject = composed.channel === 'SMS' ? composed.text : composed.mail.subject
    await succeed(notification, subject, handed.providerMessageId)
  }

  async function succeed(notification: LeasedNotification, subject: string, providerMessageId: string): Promise<void> {
    const sentAt = now()
    // It is out: what is forgotten now is sent again.
    const settled = await retryTransient(() =>
      transact(async (tx) => {
        if (!(await settle(tx, notification, { status: 'SENT', subject, providerMessageId, sentAt }))) return false
        await ticketNews.tellDelivered(tx, notification, sentAt)
        return true
      }),
    )
    const about = aboutOf(notification)
    sendingMetrics.count(notification, 'sent')
    if (settled) logger.info(about, 'a notification was sent')
    else logger.warn(about, 'a notification was sent that was settled already')
  }

  /** Mails to it came back, or are not wanted there: the provider would hold it against us. */
  async function isSuppressed(type: NotificationType, address: string): Promise<boolean> {
    const suppressions = await listSuppressions(prisma, addressHashOf(address))
    return isHeldBack(
      type,
      suppressions.map(({ cause }) => cause),
    )
  }

  async function takeBack(notification: LeasedNotification, reason: PointlessReason): Promise<void> {
    if (!(await withdraw(prisma, notification))) return
    sendingMetrics.count(notification, 'withdrawn')
    logger.info({ ...aboutOf(notification), reason }, 'there is nothing to tell')
  }

  async function fail(notification: LeasedNotification, failureReason: string): Promise<void> {
    const settled = await transact(async (tx) => {
      if (!(await settle(tx, notification, { status: 'FAILED', failureReason }))) return false
      await ticketNews.tellFailed(tx, notification, failureReason)
      return true
    })
    if (!settled) return
    sendingMetrics.count(notification, failureReason === ADDRESS_SUPPRESSED ? 'suppressed' : 'failed')
    logger.error({ ...aboutOf(notification), failureReason }, 'a notification cannot be sent')
  }

  async function tryLater(notification: LeasedNotification, error: unknown): Promise<void> {
    const { attempts, channel } = notification
    if (attempts >= options.attemptsMax) return fail(notification, 'GIVEN_UP')
    const wait = isOfPeer(error) ? waitForPeerAfter : waitAfter
    const waitMs = Math.max(wait(attempts, options.firstWaitMs[channel]), await quietMs(notification))
    const nth = `(attempt ${attempts} of ${options.attemptsMax})`
    logger.warn({ err: blanked(error), ...aboutOf(notification), waitMs }, `notification was not sent, will be retried ${nth}`)
    sendingMetrics.count(notification, 'retried')
    await postpone(prisma, notification, waitMs)
  }

  /** How long its recipient's quiet hours still hold it up. */
  async function quietMs({ recipientId, urgent }: LeasedNotification): Promise<number> {
    if (recipientId === null || urgent) return 0
    const { quietHours = null } = (await findChoices(prisma, [recipientId])).get(recipientId) ?? {}
    const until = quietHours && quietUntil(now(), quietHours)
    return until ? until.getTime() - now().getTime() : 0
  }

  async function attemptOrLater(notification: LeasedNotification, isStopping: () => boolean, span: Span): Promise<void> {
    try {
      await attempt(notification, isStopping)
    } catch (error) {
      markFailed(span, error)
      await tryLater(notification, error)
    }
  }

  return (notification, isStopping) =>
    withCorrelationId(notification.correlationId, async () => {
      const { type, traceparent, channel, attempts } = notification
      const about = { 'boxoffice.channel': channel, 'boxoffice.attempts': attempts }
      try {
        await continueTrace(traceparent, `send ${type}`, (span) => attemptOrLater(notification, isStopping, span), about)
      } catch (error) {
        const { notificationId } = notification
        logger.warn(
          { err: blanked(error), notificationId },
          'a notification is left as it is; it is due when its lease has run out',
        )
      }
    })
}

/** Whether another service of ours was not there, rather than whoever brings mails and texts. */
const isOfPeer = (error: unknown) => error instanceof ServiceUnavailable && error.callee !== 'mail' && error.callee !== 'sms'

const aboutOf = ({ notificationId, type, channel, attempts }: LeasedNotification) => ({ notificationId, type, channel, attempts })

async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === SETTLE_ATTEMPTS || !isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt))
    }
  }
}
