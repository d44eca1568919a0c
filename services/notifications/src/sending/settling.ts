import { currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { askTogether, type SqlDatabase, type Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import {
  cancelHeld,
  type Readiness,
  type Renewal,
  renewLeases,
  type Sent,
  settleFailed,
  settleSent,
} from '../notifications/notification-repository.ts'

/** Mails whose rows are written at the same time share a statement and a commit. */
const TOGETHER = { groupMax: 50 }
/**
 * What is not written down of a mail that is out is sent once more: it is worth some eight seconds, also
 * without a connection.
 */
const FORGOTTEN_IS_SENT_AGAIN = { retries: 8, retryLost: true }

type SentMail = Sent & { readonly notification: LeasedNotification; readonly origin: MessageOrigin }

/** Who else is notified of what became of notifications, in the transaction that writes it down. */
export interface DeliveryNews {
  ticketNews: TellDelivered & {
    tellFailed(tx: Tx, notification: LeasedNotification, reason: string): Promise<void>
  }
  requestNews: TellDelivered & {
    tellFailed(
      tx: Tx,
      notification: LeasedNotification,
      outcome: 'FAILED' | 'CANCELLED',
      reason: string,
    ): Promise<void>
  }
}
interface TellDelivered {
  tellDelivered(tx: Tx, delivered: readonly DeliveredMail[]): Promise<void>
}
type DeliveredMail = Pick<SentMail, 'notification' | 'providerMessageId' | 'origin'> & {
  readonly deliveredAt: Date
}

/** What is written down of notifications that are worked on: their leases, and what became of them. */
export function createSettling(
  options: DeliveryNews & {
    db: SqlDatabase
    leaseMs: number
    unprovenMax: number
  },
) {
  const { db, ticketNews, requestNews } = options

  const settleAll = askTogether(
    (mails: readonly SentMail[]) =>
      db.transact(async (tx) => {
        const settled = await settleSent(tx, mails)
        const news = mails
          .filter(({ notificationId }) => settled.has(notificationId))
          .map(({ sentAt: deliveredAt, ...one }) => ({ ...one, deliveredAt }))
        await ticketNews.tellDelivered(tx, news)
        await requestNews.tellDelivered(tx, news)
        return mails.map(({ notificationId }) => settled.has(notificationId))
      }, FORGOTTEN_IS_SENT_AGAIN),
    TOGETHER,
  )

  return {
    /** Extend our lease, and look at who gets it; null when the lease has gone to another. */
    renew: askTogether<Renewal, Readiness | null>((renewals) => renewLeases(db, renewals, options), TOGETHER),
    /** It is out: what is forgotten now is sent again. False when it was settled already. */
    sent: (notification: LeasedNotification, sent: Omit<Sent, 'notificationId'>): Promise<boolean> => {
      const { notificationId } = notification
      return settleAll({ ...sent, notificationId, notification, origin: currentOrigin() })
    },
    /** False when there was nothing to settle any more. */
    failed: (notification: LeasedNotification, failureReason: string): Promise<boolean> =>
      db.transact(async (tx) => {
        if (!(await settleFailed(tx, notification, failureReason))) return false
        await ticketNews.tellFailed(tx, notification, failureReason)
        await requestNews.tellFailed(tx, notification, 'FAILED', failureReason)
        return true
      }),
    /**
     * There is nothing to tell any more of what another service asked for. False when there was nothing to
     * settle any more.
     */
    cancelled: (notification: LeasedNotification, reason: string): Promise<boolean> =>
      db.transact(async (tx) => {
        if (!(await cancelHeld(tx, notification, reason))) return false
        await requestNews.tellFailed(tx, notification, 'CANCELLED', reason)
        return true
      }),
  }
}
export type Settling = ReturnType<typeof createSettling>
