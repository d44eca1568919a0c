import { graphemesOf } from '@boxoffice/contracts'
import { shortWhenOf } from '../mails/formats.ts'
import { inOneLine, type ShownEvent } from '../mails/mail.ts'
import { statusTexts } from '../mails/order-update.ts'
import { isOfSeveral, type PayloadOf } from '../notifications/payloads.ts'
import type { TextedType } from '../preferences/preference.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import { SEGMENTS_MAX, segmentsOf, withPlainSigns } from './segments.ts'

/** Characters of a name that are read: more than fit, including a link at the end. */
const READ_MAX = 2_000

/** Puts the event's name between two texts. */
const around = (before: string, eventName: string, after: string): string =>
  cutToFit(eventName, (said) => withPlainSigns(`${before}${said}${after}`))

/**
 * Inserts the event's name, cut so that the whole text fits: between two characters, and never within a link.
 */
export function cutToFit(eventName: string, say: (said: string) => string): string {
  const name = inOneLine(eventName)
  if (segmentsOf(say(name)) <= SEGMENTS_MAX) return say(name)
  const characters = graphemesOf(name.slice(0, READ_MAX))
  const cutAt = (count: number) => say(`${characters.slice(0, count).join('').trimEnd()}...`)
  // The number of messages grows with the length.
  let [fits, room] = [0, characters.length]
  while (fits < room) {
    const count = Math.ceil((fits + room) / 2)
    if (segmentsOf(cutAt(count)) <= SEGMENTS_MAX) fits = count
    else room = count - 1
  }
  return say(`${withoutHalfLink(characters, fits).trimEnd()}...`)
}

/** Returns the first `count` characters without a partial link, which would lead elsewhere. */
function withoutHalfLink(characters: readonly string[], count: number): string {
  const kept = characters.slice(0, count).join('')
  if (/^\s/.test(characters[count] ?? ' ')) return kept
  const word = /\S*$/.exec(kept)?.[0] ?? ''
  const rest = /^\S*/.exec(characters.slice(count).join(''))?.[0] ?? ''
  return LINK.test(word + rest) ? kept.slice(0, kept.length - word.length) : kept
}
const LINK = /:\/\/|^www\.|[\p{L}\p{N}]\.[\p{L}\p{N}-]{2,}/u

/** What texts need besides their message. */
interface Around {
  orderLinkOf: OrderLinkOf
}
type Saying<T extends TextedType> = (
  eventName: string,
  payload: PayloadOf<T>,
  event: ShownEvent,
  around: Around,
) => string

const sayings: { readonly [T in TextedType]: Saying<T> } = {
  ORDER_CONFIRMATION: (name) => around('Boxoffice: your tickets for ', name, ' are in your mailbox.'),
  ORDER_CREATED: (name) =>
    around('Boxoffice: we have your order for ', name, '. You hear from us when it is through.'),
  // Without the event's name it fits one message in any script; the link shows the rest.
  ORDER_STATUS_CHANGED: (_, { status, orderId }, _event, { orderLinkOf }) =>
    withPlainSigns(`Boxoffice: your order is ${statusTexts[status].now}. ${orderLinkOf(orderId)}`),
  ORDER_CANCELLED: (name) => around('Boxoffice: your order for ', name, ' is cancelled.'),
  PAYMENT_PROCESSED: (name) => around('Boxoffice: your payment for ', name, ' went through.'),
  EVENT_UPDATED: (name) =>
    around('Boxoffice: time or place of ', name, ' has changed. Details are in your mailbox.'),
  EVENT_CANCELLED: (name) => around('Boxoffice: ', name, ' is cancelled. Details are in your mailbox.'),
  EVENT_REMINDER: (name, _, event) => around('Boxoffice: ', name, ` begins on ${shortWhenOf(event)}.`),
  TICKET_TRANSFERRED: (name, transfer) =>
    isOfSeveral(transfer)
      ? around('Boxoffice: you were given tickets, one of them for ', name, '. They are in your account.')
      : transfer.side === 'RECEIVED'
        ? around('Boxoffice: you were given a ticket for ', name, '. It is in your mailbox.')
        : around(
            'Boxoffice: your ticket for ',
            name,
            ' was handed on. If that was not you, sign in and set a new password.',
          ),
  REFUND_PROCESSED: (name) =>
    around('Boxoffice: your refund for ', name, ' is on its way. Details are in your mailbox.'),
}

/** Returns a text message: no personal names, numbers or codes, and at most two messages long. */
export const textOf = <T extends TextedType>(
  type: T,
  event: ShownEvent,
  payload: PayloadOf<T>,
  around: Around,
): string => (sayings[type] as Saying<T>)(event.name, payload, event, around)
