import { ticketDeliveryFailed, ticketsDelivered } from '@boxoffice/contracts'
import type { Append, AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf } from '../notifications/payloads.ts'

type ReportedNotification = Pick<
  LeasedNotification,
  'notificationId' | 'type' | 'channel' | 'template' | 'resendOf' | 'payload' | 'attempts'
>

/** A sent notification, and the origin of its message. */
interface Delivered {
  readonly notification: ReportedNotification
  readonly deliveredAt: Date
  readonly origin: MessageOrigin
}

/** Publishes whether tickets reached their buyer, in the transaction that records it. Ignores other mails. */
export function createTicketUpdatePublisher({ append, appendAll }: { append: Append; appendAll: AppendAll }) {
  async function publishUndelivered(
    tx: Tx,
    notification: ReportedNotification,
    reason: string,
    aggregateVersion: number,
  ): Promise<void> {
    if (!bringsTickets(notification)) return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, reason }
    await append(tx, ticketDeliveryFailed, payload, { aggregateVersion })
  }

  return {
    async publishDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void> {
      const messages = delivered
        .filter(({ notification }) => bringsTickets(notification))
        .map(({ notification, deliveredAt, origin }) => ({
          payload: { ...orderOf(notification), channel: 'EMAIL' as const, deliveredAt },
          aggregateVersion: notification.attempts,
          origin,
        }))
      await appendAll(tx, ticketsDelivered, messages)
    },
    /** Publishes that it could not be sent. */
    async publishFailed(tx: Tx, notification: ReportedNotification, reason: string): Promise<void> {
      // A resend publishes nothing: the outcome of the first mail has been published.
      if (notification.resendOf === null)
        await publishUndelivered(tx, notification, reason, notification.attempts)
    },
    /** Publishes that it bounced, after whatever was published when it was sent. */
    publishBounced: (tx: Tx, notification: ReportedNotification, reason: string): Promise<void> =>
      publishUndelivered(tx, notification, reason, notification.attempts + 1),
  }
}
export type TicketUpdatePublisher = ReturnType<typeof createTicketUpdatePublisher>

const bringsTickets = ({ type, channel, template }: ReportedNotification) =>
  type === 'ORDER_CONFIRMATION' && channel === 'EMAIL' && template === null

function orderOf(notification: ReportedNotification) {
  const { orderId, userId, eventId } = payloadOf('ORDER_CONFIRMATION', notification)
  return { orderId, userId, eventId, notificationId: notification.notificationId }
}
