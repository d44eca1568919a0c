import { currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { askTogether, type SqlDatabase, type Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import {
  markCancelled,
  markFailedForGood,
  markSent,
  type Readiness,
  type Renewal,
  renewLeases,
  type Sent,
} from '../notifications/notification-repository.ts'

/** Mails recorded at the same time share a statement and a commit. */
const TOGETHER = { groupMax: 50 }
/**
 * A mail that is sent but not recorded would be sent again, so it is worth about eight seconds of retries,
 * also without a connection.
 */
const RECORD_SENT = { retries: 8, retryLost: true }

type SentMail = Sent & { readonly notification: LeasedNotification; readonly origin: MessageOrigin }

/** Publishers of outcomes, which run in the transaction that records them. */
export interface DeliveryPublishers {
  ticketUpdates: PublishDelivered & {
    publishFailed(tx: Tx, notification: LeasedNotification, reason: string): Promise<void>
  }
  mailStatus: PublishDelivered & {
    publishFailed(
      tx: Tx,
      notification: LeasedNotification,
      outcome: 'FAILED' | 'CANCELLED',
      reason: string,
    ): Promise<void>
  }
}
interface PublishDelivered {
  publishDelivered(tx: Tx, delivered: readonly DeliveredMail[]): Promise<void>
}
type DeliveredMail = Pick<SentMail, 'notification' | 'providerMessageId' | 'origin'> & {
  readonly deliveredAt: Date
}

/** Records the leases and outcomes of notifications in progress. */
export function createDeliveryRecords(
  options: DeliveryPublishers & {
    db: SqlDatabase
    leaseMs: number
    unprovenMax: number
  },
) {
  const { db, ticketUpdates, mailStatus } = options

  const recordSent = askTogether(
    (mails: readonly SentMail[]) =>
      db.transact(async (tx) => {
        const recorded = await markSent(tx, mails)
        const delivered = mails
          .filter(({ notificationId }) => recorded.has(notificationId))
          .map(({ sentAt: deliveredAt, ...one }) => ({ ...one, deliveredAt }))
        await ticketUpdates.publishDelivered(tx, delivered)
        await mailStatus.publishDelivered(tx, delivered)
        return mails.map(({ notificationId }) => recorded.has(notificationId))
      }, RECORD_SENT),
    TOGETHER,
  )

  return {
    /** Extends our lease and reads the recipient's settings; null if another process has the lease. */
    renew: askTogether<Renewal, Readiness | null>((renewals) => renewLeases(db, renewals, options), TOGETHER),
    /** Records that it was sent. Returns false if it was already in a terminal state. */
    sent: (notification: LeasedNotification, sent: Omit<Sent, 'notificationId'>): Promise<boolean> => {
      const { notificationId } = notification
      return recordSent({ ...sent, notificationId, notification, origin: currentOrigin() })
    },
    /** Records a failure. Returns false if it was already in a terminal state. */
    failed: (notification: LeasedNotification, failureReason: string): Promise<boolean> =>
      db.transact(async (tx) => {
        if (!(await markFailedForGood(tx, notification, failureReason))) return false
        await ticketUpdates.publishFailed(tx, notification, failureReason)
        await mailStatus.publishFailed(tx, notification, 'FAILED', failureReason)
        return true
      }),
    /**
     * Cancels an obsolete notification that another service requested. Returns false if it was already in a
     * terminal state.
     */
    cancelled: (notification: LeasedNotification, reason: string): Promise<boolean> =>
      db.transact(async (tx) => {
        if (!(await markCancelled(tx, notification, reason))) return false
        await mailStatus.publishFailed(tx, notification, 'CANCELLED', reason)
        return true
      }),
  }
}
export type DeliveryRecords = ReturnType<typeof createDeliveryRecords>
