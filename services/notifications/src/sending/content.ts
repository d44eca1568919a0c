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

/** The current data that a notification is about. */
export interface Loaded {
  /** All data that it shows or depends on: while this is unchanged, a written mail is correct. */
  facts: object
  /** The order's own confirmed address, if it has one. */
  contact?: string | null
  /** The event that it is about, or null. */
  event: ShownEvent | null
  /**
   * Writes the mail, which may take long. `bulk`: it has so many tickets that it belongs in the bulk lane;
   * `changed`: its data has changed.
   */
  write(): Promise<Written | { bulk: true } | { changed: true }>
}

export interface About {
  reader: Reader
  causedAt: Date
  recipientId: UserId | null
  /** Its stored address, if it has one. */
  address: string | null
  /** It was requested by another service for an address that it named. */
  requested: boolean
  /** It is in the bulk lane. */
  bulk: boolean
  /** It is already written; only whether it is still correct matters. */
  isWritten: boolean
}

/**
 * Loads the current data of a notification, before writing and again right before sending. Rejects if a
 * service is unavailable.
 */
export type Load<T extends NotificationType> = (
  payload: PayloadOf<T>,
  about: About,
) => Promise<Loaded | Ended>
export type Loaders<T extends NotificationType> = { readonly [K in T]: Load<K> }

/** Selects the fields of an event that mails show or depend on. */
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

/** Returns the event of a notification. Rejects if it is unavailable. */
export async function getEvent({ find }: Pick<Peers, 'find'>, eventId: EventId): Promise<CurrentEvent> {
  const event = await find.event(eventId)
  if (!event) throw new Error(`there is no event ${eventId}`)
  return shownOf(event)
}

/** Returns the order of a notification. Rejects if it is unavailable. */
export async function getOrder({ find }: Pick<Peers, 'find'>, orderId: OrderId): Promise<OrderInfo> {
  const order = await find.order(orderId)
  if (!order) throw new Error(`there is no order ${orderId}`)
  return order
}
