import { graphemesOf } from '@boxoffice/contracts'
import { shortWhenOf } from '../mails/formats.ts'
import { inOneLine, type ShownEvent } from '../mails/mail.ts'
import { standings } from '../mails/order-news.ts'
import { isOfSeveral, type PayloadOf } from '../notifications/payloads.ts'
import type { TextedType } from '../preferences/preference.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import { SEGMENTS_MAX, segmentsOf, withPlainSigns } from './segments.ts'

/** What is read of a name: more than fits, with a link that begins where it ends. */
const READ_MAX = 2_000

/** Says it around the event's name. */
const around = (before: string, eventName: string, after: string): string =>
  cutToFit(eventName, (said) => withPlainSigns(`${before}${said}${after}`))

/**
 * Says it with the event's name, which is cut so that all of it fits: between two characters, and never
 * within a link.
 */
export function cutToFit(eventName: string, say: (said: string) => string): string {
  const name = inOneLine(eventName)
  if (segmentsOf(say(name)) <= SEGMENTS_MAX) return say(name)
  const characters = graphemesOf(name.slice(0, READ_MAX))
  const cutAt = (count: number) => say(`${characters.slice(0, count).join('').trimEnd()}...`)
  // One more character never makes it fewer messages.
  let [fits, room] = [0, characters.length]
  while (fits < room) {
    const count = Math.ceil((fits + room) / 2)
    if (segmentsOf(cutAt(count)) <= SEGMENTS_MAX) fits = count
    else room = count - 1
  }
  return say(`${withoutHalfLink(characters, fits).trimEnd()}...`)
}

/** The first `count` characters, without the beginning of a link: half of one leads elsewhere. */
function withoutHalfLink(characters: readonly string[], count: number): string {
  const kept = characters.slice(0, count).join('')
  if (/^\s/.test(characters[count] ?? ' ')) return kept
  const word = /\S*$/.exec(kept)?.[0] ?? ''
  const rest = /^\S*/.exec(characters.slice(count).join(''))?.[0] ?? ''
  return LINK.test(word + rest) ? kept.slice(0, kept.length - word.length) : kept
}
const LINK = /:\/\/|^www\.|[\p{L}\p{N}]\.[\p{L}\p{N}-]{2,}/u

/** What texts are made of beside the message that they come of. */
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
  // Without the event's name it is one message, in whatever script that is; the link says the rest.
  ORDER_STATUS_CHANGED: (_, { status, orderId }, _event, { orderLinkOf }) =>
    withPlainSigns(`Boxoffice: your order is ${standings[status].now}. ${orderLinkOf(orderId)}`),
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

/** What a text message says: no name, no number, no code, and as much as two messages hold. */
export const textOf = <T extends TextedType>(
  type: T,
  event: ShownEvent,
  payload: PayloadOf<T>,
  around: Around,
): string => (sayings[type] as Saying<T>)(event.name, payload, event, around)
