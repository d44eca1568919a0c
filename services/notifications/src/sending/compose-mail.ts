import type { UserInfo } from '@boxoffice/contracts'
import { mailNameOf } from '../mails/built-in.ts'
import type { Mail } from '../mails/mail.ts'
import { oneLine } from '../mails/mail.ts'
import { isOfAccount } from '../notifications/account-types.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf, workingTitles } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import { isChangeable } from '../preferences/preference.ts'
import { addressHashOf } from '../suppressions/suppression.ts'
import type { OperatorTemplates } from '../templates/operator-templates.ts'
import type { UnsubscribeLinksOf } from '../unsubscribing/links.ts'
import type { Attachment } from './attachments.ts'
import type { Composition } from './composition.ts'
import type { About } from './content.ts'
import { isEnded, type Loader, recheckOf } from './loader.ts'
import { followContact } from './order-contact.ts'

export interface ComposedMail {
  channel: 'EMAIL'
  mail: Mail
  to: { name: string; address: string }
  /** Whether the address is confirmed. */
  isProven: boolean
  attachments: readonly Attachment[]
  /** The one-click unsubscribe link for mail programs; null for mails that cannot be turned off. */
  oneClickUrl: string | null
}

interface MailDeps {
  peers: Pick<Peers, 'find'>
  templates: OperatorTemplates
  unsubscribeLinksOf: UnsubscribeLinksOf
  loaderOf: (notification: LeasedNotification, reader: About['reader']) => Loader
}

const STRANGER = { firstName: '', locale: 'en' }

/** Creates the composer of mails: to users, and of offers to an address without an account. */
export function createMailComposer({ peers, templates, unsubscribeLinksOf, loaderOf }: MailDeps) {
  /** Loads a request with an operator's template. It depends on nothing else, so it never changes. */
  function requestLoaderOf({ template, payload, ownSubject }: LeasedNotification, reader: UserInfo): Loader {
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

  async function composeWith(
    load: Loader,
    notification: LeasedNotification,
    recipient: ComposedMail['to'],
    reader: About['reader'] & { emailVerified: boolean },
  ): Promise<Composition<ComposedMail>> {
    const loaded = await load(false)
    if (isEnded(loaded)) return loaded
    const written = await loaded.write()
    if (!('mail' in written)) return written
    const { attachments = [] } = written
    const { type, payload, template } = notification
    const replacement =
      template === null ? templates.mailInstead(mailNameOf(type, payload), written.mail, reader) : null
    const mail = replacement ?? written.mail
    // An order's own address was confirmed by its reader.
    const isProven = Boolean(loaded.contact) || reader.emailVerified
    const to = { ...recipient, address: loaded.contact ?? recipient.address }
    const subject = subjectOf(notification, mail, isProven)
    // The reader of an order's own address must not unsubscribe its buyer.
    const oneClickUrl = loaded.contact ? null : oneClickUrlOf(notification, to.address)
    const composed = {
      channel: 'EMAIL',
      mail: { ...mail, subject },
      to,
      isProven,
      attachments,
      oneClickUrl,
    } as const
    return { composed, recheck: recheckOf(load, loaded) }
  }

  function oneClickUrlOf({ type, recipientId }: LeasedNotification, address: string): string | null {
    if (recipientId === null) return unsubscribeLinksOf({ addressHash: addressHashOf(address) }).oneClick
    return isChangeable(type, 'EMAIL') ? unsubscribeLinksOf({ userId: recipientId, type }).oneClick : null
  }

  return {
    async compose(notification: LeasedNotification, reader: UserInfo): Promise<Composition<ComposedMail>> {
      const load =
        notification.template === null
          ? loaderOf(notification, reader)
          : requestLoaderOf(notification, reader)
      const to = {
        name: `${reader.firstName} ${reader.lastName}`,
        address: notification.address ?? reader.email,
      }
      return composeWith(followContact(peers.find, notification, load), notification, to, reader)
    },
    async composeOffer(notification: LeasedNotification): Promise<Composition<ComposedMail>> {
      const { address } = notification
      const { side } = payloadOf('TICKET_TRANSFERRED', notification)
      if (address === null || side !== 'OFFERED') throw new Error('only offers go to an address alone')
      const load = loaderOf(notification, STRANGER)
      return composeWith(load, notification, { name: '', address }, { ...STRANGER, emailVerified: false })
    },
  }
}

/**
 * Returns the subject of a mail. An unconfirmed address may be a stranger's, so its subject has no text of
 * other users, such as the name of an event.
 */
function subjectOf(
  { type, recipientId, ownSubject }: LeasedNotification,
  mail: Mail,
  isProven: boolean,
): string {
  if (!isProven && recipientId !== null && !isOfAccount(type)) return workingTitles[type]
  return ownSubject === null ? mail.subject : oneLine(ownSubject)
}
