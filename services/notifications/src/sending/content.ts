import type { EventId, EventInfo, NotificationType, OrderId, OrderInfo, UserInfo } from '@boxoffice/contracts'
import type { Mail } from '../mails/mail.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Attachment } from './attachments.ts'
import type { Peers } from './peers.ts'

/** Why something cannot be sent any more, for its recipient's log. */
export type DropReason = 'RECIPIENT_GONE' | 'EVENT_CANCELLED' | 'TICKETS_NOT_VALID' | 'LINK_EXPIRED'
/** Why there is nothing to tell: it is taken back, as if it had not been. */
export type PointlessReason = 'ORDER_ENDED' | 'TOLD_BY_REFUND' | 'EVENT_CANCELLED' | 'NO_PHONE'

export type Content =
  | { mail: Mail; attachments?: readonly Attachment[] }
  | { dropped: DropReason }
  | { pointless: PointlessReason }

/** Writes the mail of a type, to a user. Rejects when something that it needs cannot be had now. */
export type Composer<T extends NotificationType> = (
  payload: PayloadOf<T>,
  reader: UserInfo,
  about: { createdAt: Date },
) => Promise<Content>
export type Composers<T extends NotificationType> = { readonly [K in T]: Composer<K> }

/** The event of a notification. Rejects when it cannot be had. */
export async function getEvent({ events }: Pick<Peers, 'events'>, eventId: EventId): Promise<EventInfo> {
  const answer = await events.getEventInfo({ params: { eventId } })
  if (answer.status !== 200) throw new Error(`there is no event ${eventId}`)
  return answer.body
}

/** The order of a notification. Rejects when it cannot be had. */
export async function getOrder({ payments }: Pick<Peers, 'payments'>, orderId: OrderId): Promise<OrderInfo> {
  const answer = await payments.getOrderInfo({ params: { orderId } })
  if (answer.status !== 200) throw new Error(`there is no order ${orderId}`)
  return answer.body
}
