import { currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { askTogether, isTransient, type Transact, type Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import {
  type Readiness,
  type Renewal,
  renewLeases,
  type Sent,
  settleFailed,
  settleSent,
} from '../notifications/notification-repository.ts'
import { cancelHeld } from '../notifications/request-repository.ts'
import type { RequestNews } from './request-news.ts'
import type { TicketNews } from './ticket-news.ts'

/** Mails whose rows are written at the same time share a statement and a commit. */
const TOGETHER = { groupMax: 50 }
const SETTLE_ATTEMPTS = 6

type SentMail = Sent & { readonly notification: LeasedNotification; readonly origin: MessageOrigin }

/** What is written down of notifications that are worked on: their leases, and what became of them. */
export function createSettling(options: {
  sql: Tx
  transact: Transact
  ticketNews: TicketNews
  requestNews: RequestNews
  leaseMs: number
  unprovenMax: number
}) {
  const { sql, transact, ticketNews, requestNews } = options

  const settleAll = askTogether(
    (mails: readonly SentMail[]) =>
      transact(async (tx) => {
        const settled = await settleSent(tx, mails)
        const news = mails
          .filter(({ notificationId }) => settled.has(notificationId))
          .map(({ sentAt: deliveredAt, ...one }) => ({ ...one, deliveredAt }))
        await ticketNews.tellDelivered(tx, news)
        await requestNews.tellDelivered(tx, news)
        return mails.map(({ notificationId }) => settled.has(notificationId))
      }),
    TOGETHER,
  )

  return {
    /** Extend our lease, and look at who gets it; null when the lease has gone to another. */
    renew: askTogether<Renewal, Readiness | null>((renewals) => renewLeases(sql, renewals, options), TOGETHER),
    /** It is out: what is forgotten now is sent again. False when it was settled already. */
    sent: (notification: LeasedNotification, sent: Omit<Sent, 'notificationId'>): Promise<boolean> => {
      const { notificationId } = notification
      return retryTransient(() => settleAll({ ...sent, notificationId, notification, origin: currentOrigin() }))
    },
    /** False when there was nothing to settle any more. */
    failed: (notification: LeasedNotification, failureReason: string): Promise<boolean> =>
      transact(async (tx) => {
        if (!(await settleFailed(tx, notification, failureReason))) return false
        await ticketNews.tellFailed(tx, notification, failureReason)
        await requestNews.tellFailed(tx, notification, 'FAILED', failureReason)
        return true
      }),
    /** There is nothing to tell any more of what another service asked for. False when there was nothing to settle any more. */
    cancelled: (notification: LeasedNotification, reason: string): Promise<boolean> =>
      transact(async (tx) => {
        if (!(await cancelHeld(tx, notification, reason))) return false
        await requestNews.tellFailed(tx, notification, 'CANCELLED', reason)
        return true
      }),
  }
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
