import type { UserInfo } from '@boxoffice/contracts'
import type { ShownEvent } from '../mails/mail.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { payloadOf, workingTitles } from '../notifications/payloads.ts'
import { isPushed, isTexted } from '../preferences/preference.ts'
import { namedPush, type PushMessage, pushMessageOf } from '../push/push-message.ts'
import type { PushProvider } from '../push/push-provider.ts'
import type { OperatorTemplates } from '../templates/operator-templates.ts'
import { SEGMENTS_MAX, segmentsOf } from '../texts/segments.ts'
import { cutToFit, textOf } from '../texts/text-message.ts'
import { textValuesOf } from '../texts/text-values.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import type { Composition, Ended } from './composition.ts'
import type { About, Loaded } from './content.ts'
import { isEnded, type Loader, recheckOf } from './loader.ts'

export interface ComposedText {
  channel: 'SMS'
  text: string
  phoneNumber: string
}
export interface ComposedPush {
  channel: 'PUSH'
  message: PushMessage
}

interface ShortDeps {
  templates: OperatorTemplates
  orderLinkOf: OrderLinkOf
  push: Pick<PushProvider, 'hasDevices'> | null
  publicUrl: string
  now: () => Date
  loaderOf: (notification: LeasedNotification, reader: About['reader']) => Loader
}

/** Creates the composers of text messages and pushes, which point the reader to a mail. */
export function createShortComposers(deps: ShortDeps) {
  const { templates } = deps

  async function composeText(
    notification: LeasedNotification,
    reader: UserInfo,
  ): Promise<Composition<ComposedText>> {
    const { type } = notification
    const phoneNumber = phoneOf(notification, reader)
    if (typeof phoneNumber === 'object') return phoneNumber
    if (notification.template !== null) {
      const text = operatorTextOf(templates, notification, reader)
      return text === null
        ? { dropped: 'TEMPLATE_CHANGED' }
        : unchanging({ channel: 'SMS', text, phoneNumber })
    }
    if (!isTexted(type)) throw new Error(`${type} has no text message`)
    return composeBesideMail(notification, deps.loaderOf(notification, reader), (event) => {
      const payload = payloadOf(type, notification)
      const values = textValuesOf(type, event, payload, deps)
      const replacement = (eventName: string) => templates.text(type, { ...values, eventName }, reader.locale)
      const text = replacement('') === null ? null : cutToFit(event.name, (name) => replacement(name) ?? '')
      // With an unusually long link it may not fit even without a name: fall back to the built-in text.
      const isFitting = text !== null && segmentsOf(text) <= SEGMENTS_MAX
      return { channel: 'SMS', text: isFitting ? text : textOf(type, event, payload, deps), phoneNumber }
    })
  }

  async function composePush(
    notification: LeasedNotification,
    reader: UserInfo,
  ): Promise<Composition<ComposedPush>> {
    const { type, notificationId } = notification
    if (!(await deps.push?.hasDevices(notificationId))) return { obsolete: 'NO_DEVICE' }
    if (!isPushed(type)) throw new Error(`${type} is not sent as a push`)
    const about = { type, notificationId, publicUrl: deps.publicUrl, now: deps.now() }
    if (notification.template !== null) {
      const body = operatorTextOf(templates, notification, reader)
      if (body === null) return { dropped: 'TEMPLATE_CHANGED' }
      const title = notification.ownSubject ?? workingTitles[type]
      return unchanging({ channel: 'PUSH', message: namedPush({ title, body }, about) })
    }
    return composeBesideMail(notification, deps.loaderOf(notification, reader), (event) => ({
      channel: 'PUSH',
      message: pushMessageOf(type, event, payloadOf(type, notification), about),
    }))
  }

  return { composeText, composePush }
}

/** Returns the telephone number of a text message, or why none is sent. */
export function phoneOf({ address }: Pick<LeasedNotification, 'address'>, reader: UserInfo): string | Ended {
  const phoneNumber = address ?? reader.phone
  if (!phoneNumber) return { obsolete: 'NO_PHONE' }
  // Telephone numbers are never confirmed, so at least the account's mail address has to be.
  return address === null && !reader.emailVerified ? { obsolete: 'NOT_PROVEN' } : phoneNumber
}

const unchanging = <C>(composed: C): Composition<C> => ({ composed, recheck: async () => 'SAME' })

/** Composes what points to a mail: if there is no mail to send, it is obsolete. */
async function composeBesideMail<C>(
  { type }: LeasedNotification,
  loadMail: Loader,
  write: (event: ShownEvent) => C,
): Promise<Composition<C>> {
  const load = async (isWritten: boolean) => obsoleteIfDropped(await loadMail(isWritten))
  const loaded = await load(false)
  if (isEnded(loaded)) return loaded
  if (loaded.event === null) throw new Error(`${type} is about no event`)
  return { composed: write(loaded.event), recheck: recheckOf(load, loaded) }
}

function obsoleteIfDropped(loaded: Loaded | Ended): Loaded | Ended {
  if (!('dropped' in loaded)) return loaded
  const { dropped } = loaded
  return dropped === 'EVENT_CANCELLED' || dropped === 'TICKETS_NOT_VALID' ? { obsolete: dropped } : loaded
}

/** Returns the short text of an operator's template; null if the template has changed incompatibly. */
function operatorTextOf(
  templates: OperatorTemplates,
  { template, payload }: LeasedNotification,
  reader: UserInfo,
): string | null {
  const values = payload as object
  const isFitting = template !== null && templates.objectionsTo(template, 'SMS', values)?.length === 0
  return isFitting ? templates.text(template, values, reader.locale) : null
}
