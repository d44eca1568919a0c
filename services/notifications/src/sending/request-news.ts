import { notificationDelivered, notificationFailed } from '@boxoffice/contracts'
import type { Append, AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'

type Told = Pick<
  LeasedNotification,
  'notificationId' | 'type' | 'channel' | 'recipientId' | 'requestedBy' | 'notifyResult' | 'attempts'
>
interface Delivered {
  readonly notification: Told
  readonly deliveredAt: Date
  readonly providerMessageId: string
  readonly origin: MessageOrigin
}

/**
 * Tells the service that asked for a notification, and for that, what became of it, in the transaction that
 * writes it down.
 */
export function createRequestNews({ append, appendAll }: { append: Append; appendAll: AppendAll }) {
  return {
    async tellDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void> {
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
    /** BOUNCED comes after whatever was told when it was sent. */
    async tellFailed(
      tx: Tx,
      notification: Told,
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
export type RequestNews = ReturnType<typeof createRequestNews>

/** Whom it was for and who asked; null where nobody wants to be told. */
function aboutOf({ notificationId, type, channel, recipientId: userId, requestedBy, notifyResult }: Told) {
  if (!notifyResult || requestedBy === null || userId === null) return null
  return { notificationId, type, channel, userId, requestedBy }
}
