import type { NotificationType, UserInfo } from '@boxoffice/contracts'
import type { ContactLinkOf } from '../contacts/contact-token.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import type { Peers } from '../peers/peers.ts'
import type { PushProvider } from '../push/push-provider.ts'
import type { OperatorTemplates } from '../templates/operator-templates.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import type { UnsubscribeLinksOf } from '../unsubscribing/links.ts'
import { createAccountLoaders } from './compose-account.ts'
import { type ConfirmationLimits, createConfirmationLoad } from './compose-confirmation.ts'
import { createContactLoaders } from './compose-contacts.ts'
import { createEventLoaders } from './compose-events.ts'
import { type ComposedMail, createMailComposer } from './compose-mail.ts'
import { createOrderLoaders } from './compose-orders.ts'
import { type ComposedPush, type ComposedText, createShortComposers, phoneOf } from './compose-short.ts'
import { createStopLoaders } from './compose-stops.ts'
import type { Composition as CompositionOf, Ended } from './composition.ts'
import type { About, Loaders } from './content.ts'
import { isEnded, type Loadable, loaderOf } from './loader.ts'
import type { OpenToken } from './sealed-token.ts'

export type Composed = ComposedMail | ComposedText | ComposedPush
export type Composition = CompositionOf<Composed>

interface ComposerDeps extends ConfirmationLimits {
  peers: Peers
  templates: OperatorTemplates
  openToken: OpenToken
  now: () => Date
  unsubscribeLinksOf: UnsubscribeLinksOf
  orderLinkOf: OrderLinkOf
  contactLinkOf: ContactLinkOf
  reminderLeadMs: number
  push: Pick<PushProvider, 'hasDevices'> | null
}

export interface Composer {
  /** Fetches the data of a notification from the other services and writes it. */
  compose(notification: LeasedNotification): Promise<Composition>
  /** Returns why a notification to a user would not be sent now; null if it would. Writes nothing. */
  whyNot(notification: Checkable): Promise<Ended | null>
}
/** The fields of a notification that `whyNot` needs. */
type Checkable = Loadable & Pick<LeasedNotification, 'notificationId' | 'channel'>

/** Creates the composer of notifications. It rejects if another service is unavailable. */
export function createComposer(deps: ComposerDeps): Composer {
  const { peers } = deps
  const loaders: Loaders<NotificationType> = {
    ...createAccountLoaders(deps),
    ...createContactLoaders(deps),
    ...createOrderLoaders(deps),
    ...createEventLoaders(deps),
    ...createStopLoaders(peers),
    ORDER_CONFIRMATION: createConfirmationLoad(peers, deps),
  }
  const withLoaders = {
    ...deps,
    loaderOf: (notification: Loadable, reader: About['reader']) => loaderOf(loaders, notification, reader),
  }
  const mails = createMailComposer(withLoaders)
  const { composeText, composePush } = createShortComposers(withLoaders)
  const composers: Record<
    LeasedNotification['channel'],
    (notification: LeasedNotification, reader: UserInfo) => Promise<Composition>
  > = { EMAIL: mails.compose, SMS: composeText, PUSH: composePush }

  const readerOf = async ({ recipientId }: Pick<LeasedNotification, 'recipientId'>) =>
    recipientId === null ? null : peers.find.user(recipientId)

  async function whyNotBy(notification: Checkable, reader: UserInfo): Promise<Ended | null> {
    const { channel, notificationId } = notification
    const phone = channel === 'SMS' && phoneOf(notification, reader)
    if (typeof phone === 'object') return phone
    if (channel === 'PUSH' && !(await deps.push?.hasDevices(notificationId))) return { obsolete: 'NO_DEVICE' }
    return null
  }

  return {
    async compose(notification) {
      if (notification.recipientId === null) return mails.composeOffer(notification)
      const reader = await readerOf(notification)
      if (!reader) return { dropped: 'RECIPIENT_GONE' }
      return composers[notification.channel](notification, reader)
    },
    async whyNot(notification) {
      const reader = await readerOf(notification)
      if (!reader) return { dropped: 'RECIPIENT_GONE' }
      const unreachable = await whyNotBy(notification, reader)
      if (unreachable) return unreachable
      const loaded = await withLoaders.loaderOf(notification, reader)(true)
      return isEnded(loaded) ? loaded : null
    },
  }
}
