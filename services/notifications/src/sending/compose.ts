import { isDeepStrictEqual } from 'node:util'
import type { NotificationType, UserInfo } from '@boxoffice/contracts'
import type { ContactLinkOf } from '../contacts/contact-token.ts'
import { mailNameOf } from '../mails/built-in.ts'
import type { Mail, ShownEvent } from '../mails/mail.ts'
import { oneLine } from '../mails/mail.ts'
import { isOfAccount } from '../notifications/account-types.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf, workingTitles } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import { isChangeable, isPushed, isTexted } from '../preferences/preference.ts'
import { namedPush, type PushMessage, pushMessageOf } from '../push/push-message.ts'
import type { PushProvider } from '../push/push-provider.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import type { OperatorTemplates } from '../templates/operator-templates.ts'
import { SEGMENTS_MAX, segmentsOf } from '../texts/segments.ts'
import { cutToFit, textOf } from '../texts/text-message.ts'
import { textValuesOf } from '../texts/text-values.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import type { UnsubscribeLinksOf } from '../unsubscribing/links.ts'
import type { Attachment } from './attachments.ts'
import { createAccountLoaders } from './compose-account.ts'
import { type ConfirmationLimits, createConfirmationLoad } from './compose-confirmation.ts'
import { createContactLoaders } from './compose-contacts.ts'
import { createEventLoaders } from './compose-events.ts'
import { createOrderLoaders } from './compose-orders.ts'
import { createStopLoaders } from './compose-stops.ts'
import type { Composition as CompositionOf, Ended, Recheck } from './composition.ts'
import type { About, Load, Loaded, Loaders } from './content.ts'
import { followContact } from './order-contact.ts'
import type { OpenToken } from './sealed-token.ts'

export interface ComposedMail {
  channel: 'EMAIL'
  mail: Mail
  to: { name: string; address: string }
  /** Whether who reads there has proved it. */
  isProven: boolean
  attachments: readonly Attachment[]
  /** Where mail programs ask that no more of its kind come; null where it is owed. */
  oneClickUrl: string | null
}
export interface ComposedText {
  channel: 'SMS'
  text: string
  phoneNumber: string
}
export interface ComposedPush {
  channel: 'PUSH'
  message: PushMessage
}
export type Composed = ComposedMail | ComposedText | ComposedPush
export type Composition = CompositionOf<Composed>

const STRANGER = { firstName: '', locale: 'en' }

/**
 * Gathers what a notification needs from the other services, and writes it. Rejects when something is
 * unavailable now.
 */
export function createComposer(
  deps: {
    peers: Peers
    templates: OperatorTemplates
    openToken: OpenToken
    now: () => Date
    unsubscribeLinksOf: UnsubscribeLinksOf
    orderLinkOf: OrderLinkOf
    contactLinkOf: ContactLinkOf
    reminderLeadMs: number
    push: Pick<PushProvider, 'hasDevices'> | null
  } & ConfirmationLimits,
): (notification: LeasedNotification) => Promise<Composition> {
  const { peers, templates } = deps
  const loaders: Loaders<NotificationType> = {
    ...createAccountLoaders(deps),
    ...createContactLoaders(deps),
    ...createOrderLoaders(deps),
    ...createEventLoaders(deps),
    ...createStopLoaders(peers),
    ORDER_CONFIRMATION: createConfirmationLoad(peers, deps),
  }

  async function composeMail(notification: LeasedNotification, reader: UserInfo): Promise<Composition> {
    const load =
      notification.template === null
        ? loaderOf(loaders, notification, reader)
        : loadRequest(notification, reader)
    const to = {
      name: `${reader.firstName} ${reader.lastName}`,
      address: notification.address ?? reader.email,
    }
    return mailOf(followContact(peers.find, notification, load), notification, to, reader)
  }

  async function composeText(notification: LeasedNotification, reader: UserInfo): Promise<Composition> {
    const { type } = notification
    const phoneNumber = notification.address ?? reader.phone
    if (!phoneNumber) return { obsolete: 'NO_PHONE' }
    // Whose number it is nobody knows: at least somebody reads the account's mail.
    if (notification.address === null && !reader.emailVerified) return { obsolete: 'NOT_PROVEN' }
    if (notification.template !== null) return composeNamedText(notification, reader, phoneNumber)
    if (!isTexted(type)) throw new Error(`${type} has no text message`)
    return besideMail(notification, reader, (event) => {
      const payload = payloadOf(type, notification)
      const values = textValuesOf(type, event, payload, deps)
      const instead = (eventName: string) => templates.text(type, { ...values, eventName }, reader.locale)
      const text = instead('') === null ? null : cutToFit(event.name, (said) => instead(said) ?? '')
      // With a link that is longer than any before it may not fit even without a name: then ours does.
      const isFitting = text !== null && segmentsOf(text) <= SEGMENTS_MAX
      return { channel: 'SMS', text: isFitting ? text : textOf(type, event, payload, deps), phoneNumber }
    })
  }

  async function composePush(notification: LeasedNotification, reader: UserInfo): Promise<Composition> {
    const { type, notificationId } = notification
    if (!(await deps.push?.hasDevices(notificationId))) return { obsolete: 'NO_DEVICE' }
    if (!isPushed(type)) throw new Error(`${type} is no push`)
    const about = { type, notificationId, publicUrl: deps.publicUrl, now: deps.now() }
    if (notification.template !== null) {
      const body = namedText(notification, reader)
      if (body === null) return { dropped: 'TEMPLATE_CHANGED' }
      const title = notification.ownSubject ?? workingTitles[type]
      return {
        composed: { channel: 'PUSH', message: namedPush({ title, body }, about) },
        recheck: async () => 'SAME',
      }
    }
    return besideMail(notification, reader, (event) => {
      return { channel: 'PUSH', message: pushMessageOf(type, event, payloadOf(type, notification), about) }
    })
  }

  /** What points at a mail: where that has none to bring, there is nothing to point at. */
  async function besideMail(
    notification: LeasedNotification,
    reader: UserInfo,
    write: (event: ShownEvent) => Composed,
  ): Promise<Composition> {
    const loader = loaderOf(loaders, notification, reader)
    const load = async (isWritten: boolean) => obsoleteWhereDropped(await loader(isWritten))
    const loaded = await load(false)
    if (isEnded(loaded)) return loaded
    if (loaded.event === null) throw new Error(`${notification.type} is about no event`)
    return { composed: write(loaded.event), recheck: againOf(load, loaded) }
  }

  /**
   * What another service said, in a template of the operator's: nothing is looked up, so that nothing is
   * otherwise by then.
   */
  function loadRequest({ template, payload, ownSubject }: LeasedNotification, reader: UserInfo): Loader {
    return async () => {
      const values = payload as object
      if (template === null || templates.objectionsTo(template, 'EMAIL', values)?.length !== 0)
        return { dropped: 'TEMPLATE_CHANGED' }
      const mail = templates.mail(template, values, reader, ownSubject)
      return mail
        ? { facts: {}, event: null, write: async () => ({ mail }) }
        : { dropped: 'TEMPLATE_CHANGED' }
    }
  }

  /** What a template that a request named says in few words; null where it is another by now. */
  function namedText({ template, payload }: LeasedNotification, reader: UserInfo): string | null {
    const values = payload as object
    const isFitting = template !== null && templates.objectionsTo(template, 'SMS', values)?.length === 0
    return isFitting ? templates.text(template, values, reader.locale) : null
  }

  function composeNamedText(
    notification: LeasedNotification,
    reader: UserInfo,
    phoneNumber: string,
  ): Composition {
    const text = namedText(notification, reader)
    if (text === null) return { dropped: 'TEMPLATE_CHANGED' }
    return { composed: { channel: 'SMS', text, phoneNumber }, recheck: async () => 'SAME' }
  }

  async function composeOffer(notification: LeasedNotification): Promise<Composition> {
    const { address } = notification
    const { side } = payloadOf('TICKET_TRANSFERRED', notification)
    if (address === null || side !== 'OFFERED') throw new Error('only offers go to an address alone')
    return mailOf(
      loaderOf(loaders, notification, STRANGER),
      notification,
      { name: '', address },
      { ...STRANGER, emailVerified: false },
    )
  }

  async function mailOf(
    load: Loader,
    notification: LeasedNotification,
    recipient: ComposedMail['to'],
    reader: About['reader'] & { emailVerified: boolean },
  ): Promise<Composition> {
    const loaded = await load(false)
    if (isEnded(loaded)) return loaded
    const written = await loaded.write()
    if (!('mail' in written)) return written
    const { attachments = [] } = written
    const { type, payload, template } = notification
    const instead =
      template === null ? templates.mailInstead(mailNameOf(type, payload), written.mail, reader) : null
    const mail = instead ?? written.mail
    // An order's own address was confirmed by its reader.
    const isProven = Boolean(loaded.contact) || reader.emailVerified
    const to = { ...recipient, address: loaded.contact ?? recipient.address }
    const subject = subjectOf(notification, mail, isProven)
    // What its reader ends would be the buyer's own mails.
    const oneClickUrl = loaded.contact ? null : oneClickUrlOf(notification, to.address)
    const composed = {
      channel: 'EMAIL',
      mail: { ...mail, subject },
      to,
      isProven,
      attachments,
      oneClickUrl,
    } as const
    return { composed, recheck: againOf(load, loaded) }
  }

  function oneClickUrlOf({ type, recipientId }: LeasedNotification, address: string): string | null {
    if (recipientId === null) return deps.unsubscribeLinksOf({ addressHash: addressHashOf(address) }).oneClick
    return isChangeable(type, 'EMAIL')
      ? deps.unsubscribeLinksOf({ userId: recipientId, type }).oneClick
      : null
  }

  const composers = { EMAIL: composeMail, SMS: composeText, PUSH: composePush } as const

  return async (notification) => {
    if (notification.recipientId === null) return composeOffer(notification)
    const reader = await peers.find.user(notification.recipientId)
    if (!reader) return { dropped: 'RECIPIENT_GONE' }
    return composers[notification.channel](notification, reader)
  }
}

type Loader = (isWritten: boolean) => Promise<Loaded | Ended>

function loaderOf(
  loaders: Loaders<NotificationType>,
  notification: LeasedNotification,
  reader: About['reader'],
): Loader {
  const { type, recipientId, address, createdAt, bulk } = notification
  const load = loaders[type] as Load<NotificationType>
  const payload = payloadOf(type, notification)
  const requested = recipientId !== null && address !== null
  return (isWritten) => load(payload, { reader, recipientId, address, createdAt, requested, bulk, isWritten })
}

const isEnded = (loaded: Loaded | Ended): loaded is Ended => 'dropped' in loaded || 'obsolete' in loaded

const againOf =
  (load: Loader, { facts }: Loaded): Recheck =>
  async () => {
    const now = await load(true)
    return isEnded(now) ? now : isDeepStrictEqual(now.facts, facts) ? 'SAME' : 'CHANGED'
  }

function obsoleteWhereDropped(loaded: Loaded | Ended): Loaded | Ended {
  if (!('dropped' in loaded)) return loaded
  const { dropped } = loaded
  return dropped === 'EVENT_CANCELLED' || dropped === 'TICKETS_NOT_VALID' ? { obsolete: dropped } : loaded
}

/**
 * What a mail is called. An address that nobody has proved may be of somebody who asked for nothing: nothing
 * that a user wrote, such as the name of an event, stands in the subject of what goes there.
 */
function subjectOf(
  { type, recipientId, ownSubject }: LeasedNotification,
  mail: Mail,
  isProven: boolean,
): string {
  if (!isProven && recipientId !== null && !isOfAccount(type)) return workingTitles[type]
  return ownSubject === null ? mail.subject : oneLine(ownSubject)
}
