import type { NotificationType, UserId, UserInfo } from '@boxoffice/contracts'
import type { Mail } from '../mails/mail.ts'
import { oneLine } from '../mails/mail.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf } from '../notifications/payloads.ts'
import { isTexted } from '../preferences/preference.ts'
import { textOf } from '../texts/text-message.ts'
import type { Attachment } from './attachments.ts'
import { createAccountComposers } from './compose-account.ts'
import { createEventComposers, offerContent } from './compose-events.ts'
import { createOrderComposers } from './compose-orders.ts'
import { type Composer, type Content, type DropReason, getEvent, type PointlessReason } from './content.ts'
import type { Peers } from './peers.ts'
import type { OpenToken } from './sealed-token.ts'

export interface ComposedMail {
  channel: 'EMAIL'
  mail: Mail
  to: { name: string; address: string }
  attachments: readonly Attachment[]
}
export interface ComposedText {
  channel: 'SMS'
  text: string
  phoneNumber: string
}
/** Something ready to be sent; `dropped`: it failed for good; `pointless`: there is nothing to tell. */
export type Composition = { composed: ComposedMail | ComposedText } | { dropped: DropReason } | { pointless: PointlessReason }

/** Gathers what a notification needs from the other services, and writes it. Rejects when something cannot be had now. */
export function createComposer(deps: { peers: Peers; openToken: OpenToken; publicUrl: string; now: () => Date }) {
  const { peers } = deps
  const composers = { ...createAccountComposers(deps), ...createOrderComposers(peers), ...createEventComposers(peers, deps) }

  async function composeMail(notification: LeasedNotification, reader: UserInfo): Promise<Composition> {
    const { type, address } = notification
    const compose = composers[type] as Composer<NotificationType>
    const content = await compose(payloadOf(type, notification), reader, notification)
    return mailOf(content, notification, { name: `${reader.firstName} ${reader.lastName}`, address: address ?? reader.email })
  }

  async function composeText(notification: LeasedNotification, reader: UserInfo): Promise<Composition> {
    const { type } = notification
    const phoneNumber = notification.address ?? reader.phone
    if (!phoneNumber) return { pointless: 'NO_PHONE' }
    if (!isTexted(type)) throw new Error(`${type} has no text message`)
    const payload = payloadOf(type, notification)
    const event = await getEvent(peers, payload.eventId)
    if (event.status === 'CANCELLED' && (type === 'EVENT_UPDATED' || type === 'ORDER_CONFIRMATION')) {
      return { pointless: 'EVENT_CANCELLED' }
    }
    return { composed: { channel: 'SMS', text: textOf(type, event.name, payload), phoneNumber } }
  }

  return async (notification: LeasedNotification): Promise<Composition> => {
    if (notification.recipientId === null) return composeOffer(notification)
    const reader = await findReader(notification.recipientId, peers)
    if (!reader) return { dropped: 'RECIPIENT_GONE' }
    return notification.channel === 'SMS' ? composeText(notification, reader) : composeMail(notification, reader)
  }

  async function composeOffer(notification: LeasedNotification): Promise<Composition> {
    const offer = payloadOf('TICKET_TRANSFERRED', notification)
    const { address } = notification
    if (address === null || offer.side !== 'OFFERED') throw new Error('only offers go to an address alone')
    return mailOf(await offerContent(peers, deps.publicUrl, offer), notification, { name: '', address })
  }
}

function mailOf(content: Content, { ownSubject }: LeasedNotification, to: ComposedMail['to']): Composition {
  if (!('mail' in content)) return content
  const { mail, attachments = [] } = content
  const subject = ownSubject === null ? mail.subject : oneLine(ownSubject)
  return { composed: { channel: 'EMAIL', mail: { ...mail, subject }, to, attachments } }
}

async function findReader(userId: UserId, { auth }: Pick<Peers, 'auth'>): Promise<UserInfo | null> {
  const answer = await auth.getUser({ params: { userId } })
  return answer.status === 200 ? answer.body : null
}
