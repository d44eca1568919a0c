import type { EventId, EventInfo, NotificationType, OrderId, OrderInfo, UserId } from '@boxoffice/contracts'
import type { Mail, Reader, ShownEvent } from '../mails/mail.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import type { Attachment } from './attachments.ts'
import type { Ended } from './composition.ts'

export interface Written {
  mail: Mail
  attachments?: readonly Attachment[]
}

/** How things stand that a notification is about. */
export interface Looked {
  /** All that it says of them: while these are the same, what was written is still right. */
  facts: object
  /** The confirmed address of the order that it is about, where that has one of its own. */
  contact?: string | null
  /** The event that it is about; null where it is about none. */
  event: ShownEvent | null
  /**
   * Write the mail, which may take long. `bulk`: it is about so many tickets that it is written in the lane
   * for such; `changed`: things stand otherwise by now.
   */
  write(): Promise<Written | { bulk: true } | { changed: true }>
}

export interface About {
  reader: Reader
  createdAt: Date
  recipientId: UserId | null
  /** Where it goes, if that is kept with it. */
  address: string | null
  /** It was asked for by another service, to an address that it named. */
  requested: boolean
  /** It is in the lane of what takes long. */
  bulk: boolean
  /** It is written already: whether that is still right is all that is to be known. */
  isWritten: boolean
}

/**
 * Looks at what a notification of a type is about, as it is now. It is asked before anything is written, and
 * once more right before that is sent. Rejects when something is unavailable now.
 */
export type Look<T extends NotificationType> = (
  payload: PayloadOf<T>,
  about: About,
) => Promise<Looked | Ended>
export type Looks<T extends NotificationType> = { readonly [K in T]: Look<K> }

/** What mails show of an event, and what decides whether they are sent. */
const shownOf = ({
  name,
  eventDate,
  timeZone,
  venueName,
  venueAddress,
  status,
  refundableUntil,
}: EventInfo) => ({
  name,
  eventDate,
  timeZone,
  venueName,
  venueAddress,
  status,
  refundableUntil: refundableUntil ?? null,
})
export type CurrentEvent = ReturnType<typeof shownOf>

/** The event of a notification. Rejects when it is unavailable. */
export async function getEvent({ find }: Pick<Peers, 'find'>, eventId: EventId): Promise<CurrentEvent> {
  const event = await find.event(eventId)
  if (!event) throw new Error(`there is no event ${eventId}`)
  return shownOf(event)
}

/** The order of a notification. Rejects when it is unavailable. */
export async function getOrder({ find }: Pick<Peers, 'find'>, orderId: OrderId): Promise<OrderInfo> {
  const order = await find.order(orderId)
  if (!order) throw new Error(`there is no order ${orderId}`)
  return order
}
