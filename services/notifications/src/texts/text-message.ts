import { plainLine } from '../mails/mail.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { TextedType } from '../preferences/preference.ts'

const LENGTH_MAX = 160

/** Says it around the event's name, which is cut so that all of it fits into one text message. */
const around = (before: string, eventName: string, after: string): string => {
  const name = [...plainLine(eventName)]
  const room = LENGTH_MAX - before.length - after.length
  return (
    before +
    (name.length <= room
      ? name.join('')
      : `${name
          .slice(0, room - 3)
          .join('')
          .trimEnd()}...`) +
    after
  )
}

const sayings: { readonly [T in TextedType]: (eventName: string, payload: PayloadOf<T>) => string } = {
  ORDER_CONFIRMATION: (name) => around('Boxoffice: your tickets for ', name, ' are in your mailbox.'),
  EVENT_UPDATED: (name) => around('Boxoffice: time or place of ', name, ' has changed. Details are in your mailbox.'),
  EVENT_CANCELLED: (name) => around('Boxoffice: ', name, ' is cancelled. Details are in your mailbox.'),
  TICKET_TRANSFERRED: (name, { side }) =>
    side === 'RECEIVED'
      ? around('Boxoffice: you were given a ticket for ', name, '. It is in your mailbox.')
      : around('Boxoffice: your ticket for ', name, ' was handed on. If that was not you, sign in and set a new password.'),
  REFUND_PROCESSED: (name) => around('Boxoffice: your refund for ', name, ' is on its way. Details are in your mailbox.'),
}

/** What a text message says: no name, no number, no code, and 160 characters at most. */
export const textOf = <T extends TextedType>(type: T, eventName: string, payload: PayloadOf<T>): string =>
  (sayings[type] as (eventName: string, payload: PayloadOf<T>) => string)(eventName, payload)
