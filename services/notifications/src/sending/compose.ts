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
import { type ComposedPush, type ComposedText, createShortComposers } from './compose-short.ts'
import { createStopLoaders } from './compose-stops.ts'
import type { Composition as CompositionOf } from './composition.ts'
import type { About, Loaders } from './content.ts'
import { loaderOf } from './loader.ts'
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

/**
 * Creates the composer of notifications, which fetches their data from the other services and writes them.
 * It rejects if a service is unavailable.
 */
export function createComposer(
  deps: ComposerDeps,
): (notification: LeasedNotification) => Promise<Composition> {
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
    loaderOf: (notification: LeasedNotification, reader: About['reader']) =>
      loaderOf(loaders, notification, reader),
  }
  const mails = createMailComposer(withLoaders)
  const { composeText, composePush } = createShortComposers(withLoaders)
  const composers: Record<
    LeasedNotification['channel'],
    (notification: LeasedNotification, reader: UserInfo) => Promise<Composition>
  > = { EMAIL: mails.compose, SMS: composeText, PUSH: composePush }

  return async (notification) => {
    if (notification.recipientId === null) return mails.composeOffer(notification)
    const reader = await peers.find.user(notification.recipientId)
    if (!reader) return { dropped: 'RECIPIENT_GONE' }
    return composers[notification.channel](notification, reader)
  }
}
