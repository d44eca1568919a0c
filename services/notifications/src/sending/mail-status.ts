import { notificationDelivered, notificationFailed } from '@boxoffice/contracts'
import type { Append, AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'

type ReportedNotification = Pick<
  LeasedNotification,
  'notificationId' | 'type' | 'channel' | 'recipientId' | 'requestedBy' | 'notifyResult' | 'attempts'
>
interface Delivered {
  readonly notification: ReportedNotification
  readonly deliveredAt: Date
  readonly providerMessageId: string
  readonly origin: MessageOrigin
}

/**
 * Publishes the status of requested notifications to the service that asked for it, in the transaction that
 * records it.
 */
export function createMailStatusPublisher({ append, appendAll }: { append: Append; appendAll: AppendAll }) {
  return {
    async publishDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void> {
      const messages = delivered.flatMap(({ notification, deliveredAt, providerMessageId, origin }) => {
        const about = aboutOf(notification)
        return about
          ? [
              {
                payload: { ...about, deliveredAt, providerMessageId },
                aggregateVersion: notification.attempts,
                origin,
              },
            ]
          : []
      })
      await appendAll(tx, notificationDelivered, messages)
    },
    /** BOUNCED follows whatever was published when it was sent. */
    async publishFailed(
      tx: Tx,
      notification: ReportedNotification,
      outcome: 'FAILED' | 'BOUNCED' | 'CANCELLED',
      reason: string,
    ): Promise<void> {
      const about = aboutOf(notification)
      if (!about) return
      const aggregateVersion = notification.attempts + (outcome === 'BOUNCED' ? 1 : 0)
      await append(tx, notificationFailed, { ...about, outcome, reason }, { aggregateVersion })
    },
  }
}
export type MailStatusPublisher = ReturnType<typeof createMailStatusPublisher>

/** Returns the fields of a message about it; null if its service does not want one. */
function aboutOf({
  notificationId,
  type,
  channel,
  recipientId: userId,
  requestedBy,
  notifyResult,
}: ReportedNotification) {
  if (!notifyResult || requestedBy === null || userId === null) return null
  return { notificationId, type, channel, userId, requestedBy }
}
