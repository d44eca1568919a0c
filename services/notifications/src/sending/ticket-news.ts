import { ticketDeliveryFailed, ticketsDelivered } from '@boxoffice/contracts'
import type { Append, AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf } from '../notifications/payloads.ts'

type Told = Pick<
  LeasedNotification,
  'notificationId' | 'type' | 'channel' | 'template' | 'resendOf' | 'payload' | 'attempts'
>

/** What was sent, and on whose behalf that is told. */
interface Delivered {
  readonly notification: Told
  readonly deliveredAt: Date
  readonly origin: MessageOrigin
}

/**
 * Tells the other services whether tickets reached their buyer, in the transaction that writes it down. Says
 * nothing of other mails.
 */
export function createTicketNews({ append, appendAll }: { append: Append; appendAll: AppendAll }) {
  async function tellNotThere(
    tx: Tx,
    notification: Told,
    reason: string,
    aggregateVersion: number,
  ): Promise<void> {
    if (!bringsTickets(notification)) return
    const payload = { ...orderOf(notification), channel: 'EMAIL' as const, reason }
    await append(tx, ticketDeliveryFailed, payload, { aggregateVersion })
  }

  return {
    async tellDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void> {
      const messages = delivered
        .filter(({ notification }) => bringsTickets(notification))
        .map(({ notification, deliveredAt, origin }) => ({
          payload: { ...orderOf(notification), channel: 'EMAIL' as const, deliveredAt },
          aggregateVersion: notification.attempts,
          origin,
        }))
      await appendAll(tx, ticketsDelivered, messages)
    },
    /** It could not be sent. */
    async tellFailed(tx: Tx, notification: Told, reason: string): Promise<void> {
      // Of tickets that are mailed once more: what became of the first mail has been told.
      if (notification.resendOf === null) await tellNotThere(tx, notification, reason, notification.attempts)
    },
    /** It was sent, and came back: after whatever was told of it when it was sent. */
    tellCameBack: (tx: Tx, notification: Told, reason: string): Promise<void> =>
      tellNotThere(tx, notification, reason, notification.attempts + 1),
  }
}
export type TicketNews = ReturnType<typeof createTicketNews>

const bringsTickets = ({ type, channel, template }: Told) =>
  type === 'ORDER_CONFIRMATION' && channel === 'EMAIL' && template === null

function orderOf(notification: Told) {
  const { orderId, userId, eventId } = payloadOf('ORDER_CONFIRMATION', notification)
  return { orderId, userId, eventId, notificationId: notification.notificationId }
}
