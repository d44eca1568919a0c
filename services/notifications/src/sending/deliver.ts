import { ticketDeliveryFailed, ticketsDelivered } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import {
  continueTrace,
  type Foundation,
  isTransient,
  markFailed,
  type Span,
  sqlOf,
  withCorrelationId,
} from '@boxoffice/service-kit'
import type { PrismaClient } from '../generated/prisma/client.ts'
import { type LeasedNotification, waitAfter } from '../notifications/notification.ts'
import { postpone, renewLease, settle, withdraw } from '../notifications/notification-repository.ts'
import { payloadOf } from '../notifications/payloads.ts'
import { findChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import type { PrismaTx, Transact } from '../transaction.ts'
import { blanked } from './blanked.ts'
import type { createComposer } from './compose.ts'
import type { PointlessReason } from './content.ts'
import type { Prepare } from './hand-over.ts'
import type { SendingMetrics } from './metrics.ts'

export interface DeliveryOptions extends Pick<Foundation, 'logger' | 'crashAt' | 'now'> {
  prisma: PrismaClient
  transact: Transact
  append: Messaging['append']
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

export function createDelivery(options: DeliveryOptions): Deliver {
  const { prisma, transact, append, logger, crashAt, now, sendingMetrics } = options

  async function attempt(notification: LeasedNotification, isStopping: () => boolean): Promise<void> {
    const { notificationId, type } = notification
    const composition = await options.compose(notification)
    if ('dropped' in composition) return fail(notification, composition.dropped)
    if ('pointless' in composition) return takeBack(notification, composition.pointless)
    const { composed } = composition
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
        await tellDelivered(tx, notification, sentAt)
        return true
      }),
    )
    const about = aboutOf(notification)
    sendingMetrics.count(notification, 'sent')
    if (settled) logger.info(about, 'a notification was sent')
    else logger.warn(about, 'a notification was sent that was settled already')
  }

  async function takeBack(notification: LeasedNotification, reason: PointlessReason): Promise<void> {
    if (!(await withdraw(prisma, notification))) return
    sendingMetrics.count(notification, 'withdrawn')
    logger.info({ ...aboutOf(notification), reason }, 'there is nothing to tell')
  }

  async function fail(notification: LeasedNotification, failureReason: string): Promise<void> {
    const settled = await transact(async (tx) => {
      if (!(await settle(tx, notification, { status: 'FAILED', failureReason }))) return false
      await tellFailed(tx, notification, failureReason)
      return true
    })
    if (!settled) return
    sendingMetrics.count(notification, 'failed')
    logger.error({ ...aboutOf(notification), failureReason }, 'a notification cannot be sent')
  }

  async function tellDelivered(tx: PrismaTx, notification: LeasedNotification, deliveredAt: Date): Promise<void> {
    if (!bringsTickets(notification)) return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, deliveredAt }
    await append(sqlOf(tx), ticketsDelivered, payload, { aggregateVersion: notification.attempts })
  }

  async function tellFailed(tx: PrismaTx, notification: LeasedNotification, reason: string): Promise<void> {
    // Tickets that are mailed once more have been delivered before.
    if (!bringsTickets(notification) || notification.resendOf !== null) return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, reason }
    await append(sqlOf(tx), ticketDeliveryFailed, payload, { aggregateVersion: notification.attempts })
  }

  async function tryLater(notification: LeasedNotification, error: unknown): Promise<void> {
    const { attempts, channel } = notification
    if (attempts >= options.attemptsMax) return fail(notification, 'GIVEN_UP')
    const waitMs = Math.max(waitAfter(attempts, options.firstWaitMs[channel]), await quietMs(notification))
    logger.warn({ err: blanked(error), ...aboutOf(notification), waitMs }, 'a notification did not go out; it is tried again')
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

const aboutOf = ({ notificationId, type, channel, attempts }: LeasedNotification) => ({ notificationId, type, channel, attempts })

const bringsTickets = ({ type, channel }: LeasedNotification) => type === 'ORDER_CONFIRMATION' && channel === 'EMAIL'

function orderOf(notification: LeasedNotification) {
  const { orderId, userId, eventId } = payloadOf('ORDER_CONFIRMATION', notification)
  return { orderId, userId, eventId, notificationId: notification.notificationId }
}

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
