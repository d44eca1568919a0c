import { ticketDeliveryFailed, ticketsDelivered } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { type Foundation, isTransient, sqlOf, withCorrelationId } from '@boxoffice/service-kit'
import type { PrismaTx, Transact } from '../dependencies.ts'
import type { PrismaClient } from '../generated/prisma/client.ts'
import { type LeasedNotification, payloadOf, waitAfter } from '../notifications/notification.ts'
import { postpone, renewLease, settle } from '../notifications/notification-repository.ts'
import { blanked } from './blanked.ts'
import type { createComposer } from './compose.ts'
import type { MailProvider } from './mail-provider.ts'
import { mimeOf, type Sender } from './mime.ts'

export interface DeliveryOptions extends Pick<Foundation, 'logger' | 'crashAt' | 'now'> {
  prisma: PrismaClient
  transact: Transact
  append: Messaging['append']
  compose: ReturnType<typeof createComposer>
  provider: MailProvider
  sender: Sender
  leaseMs: number
  firstWaitMs: number
  attemptsMax: number
}

/** One attempt to bring a leased notification to its end: SENT, FAILED, or due again later. Never rejects. */
export type Deliver = (notification: LeasedNotification, isStopping: () => boolean) => Promise<void>

const SETTLE_ATTEMPTS = 6

export function createDelivery(options: DeliveryOptions): Deliver {
  const { prisma, transact, append, logger, crashAt, now } = options

  async function attempt(notification: LeasedNotification, isStopping: () => boolean): Promise<void> {
    const { notificationId, type } = notification
    const composition = await options.compose(notification)
    if ('dropped' in composition) return fail(notification, composition.dropped)
    const { composed } = composition
    const mime = await mimeOf(composed, { notificationId, type, sender: options.sender, date: now() })
    if (isStopping()) return postpone(prisma, notification, 0)
    // Gathering may have taken long: without the lease another sends it, and with it nobody else does for its whole length.
    if (!(await renewLease(prisma, notification, options.leaseMs))) return
    crashAt('mail.before-send')
    const handed = await options.provider.send(mime, composed.to.address)
    crashAt('mail.after-send')
    if (!handed.accepted) return fail(notification, handed.reason)
    await succeed(notification, composed.mail.subject, handed.providerMessageId)
  }

  async function succeed(notification: LeasedNotification, subject: string, providerMessageId: string): Promise<void> {
    const sentAt = now()
    // The mail is out: what is forgotten now is sent again.
    const settled = await retryTransient(() =>
      transact(async (tx) => {
        if (!(await settle(tx, notification, { status: 'SENT', subject, providerMessageId, sentAt }))) return false
        await tellDelivered(tx, notification, sentAt)
        return true
      }),
    )
    const { notificationId, type, attempts } = notification
    if (settled) logger.info({ notificationId, type, attempts }, 'a mail was sent')
    else logger.warn({ notificationId, type, attempts }, 'a mail was sent that was settled already')
  }

  async function fail(notification: LeasedNotification, failureReason: string): Promise<void> {
    const settled = await transact(async (tx) => {
      if (!(await settle(tx, notification, { status: 'FAILED', failureReason }))) return false
      await tellFailed(tx, notification, failureReason)
      return true
    })
    const { notificationId, type, attempts } = notification
    if (settled) logger.error({ notificationId, type, attempts, failureReason }, 'a mail cannot be sent')
  }

  async function tellDelivered(tx: PrismaTx, notification: LeasedNotification, deliveredAt: Date): Promise<void> {
    if (notification.type !== 'ORDER_CONFIRMATION') return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, deliveredAt }
    await append(sqlOf(tx), ticketsDelivered, payload, { aggregateVersion: notification.attempts })
  }

  async function tellFailed(tx: PrismaTx, notification: LeasedNotification, reason: string): Promise<void> {
    if (notification.type !== 'ORDER_CONFIRMATION') return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, reason }
    await append(sqlOf(tx), ticketDeliveryFailed, payload, { aggregateVersion: notification.attempts })
  }

  async function tryLater(notification: LeasedNotification, error: unknown): Promise<void> {
    const { notificationId, type, attempts } = notification
    if (attempts >= options.attemptsMax) return fail(notification, 'GIVEN_UP')
    const waitMs = waitAfter(attempts, options.firstWaitMs)
    logger.warn({ err: blanked(error), notificationId, type, attempts, waitMs }, 'a mail did not go out; it is tried again')
    await postpone(prisma, notification, waitMs)
  }

  return (notification, isStopping) =>
    withCorrelationId(notification.correlationId, async () => {
      try {
        await attempt(notification, isStopping).catch((error) => tryLater(notification, error))
      } catch (error) {
        const { notificationId } = notification
        logger.warn({ err: blanked(error), notificationId }, 'a mail is left as it is; it is due when its lease has run out')
      }
    })
}

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
