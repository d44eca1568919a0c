import {
  NOTHING_TO_RESEND,
  NOTIFICATION_NOT_FOUND,
  type NotificationId,
  type notificationsOperatorRoutes,
  ORDER_NOT_FOUND,
} from '@boxoffice/contracts'
import {
  actorOf,
  currentCorrelationId,
  cursorFields,
  defineCursor,
  type Handlers,
  refuse,
  refuseUnknown,
} from '@boxoffice/service-kit'
import { findChoices, noChoices } from '../preferences/preference-repository.ts'
import type { DropReason, ObsoleteReason } from './failure.ts'
import { listNotifications } from './listing-repository.ts'
import type { LeasedNotification } from './notification.ts'
import { insertNotifications } from './notification-repository.ts'
import { type ResendDeps, resendableOf } from './resend.ts'
import { findNotification, repeated, type StoredNotification } from './resend-repository.ts'
import { sentenceOf, whyNotRepeatable } from './why-nothing.ts'

type Checked = Pick<
  LeasedNotification,
  'notificationId' | 'type' | 'channel' | 'recipientId' | 'address' | 'causedAt' | 'bulk' | 'payload'
>
interface Deps extends ResendDeps {
  /** Returns why a notification would not be sent now; null if it would. */
  whyNot(notification: Checked): Promise<{ dropped: DropReason } | { obsolete: ObsoleteReason } | null>
}

const cursor = defineCursor({ at: cursorFields.instant, id: cursorFields.id })

/** Lets operators list notifications and send them again. */
export function operatorHandlers(deps: Deps): Handlers<typeof notificationsOperatorRoutes> {
  const { db, sender, now } = deps

  /** Returns why a notification cannot be sent again now; null if it can. */
  async function whyNothing(original: StoredNotification): Promise<string | null> {
    const { recipientId, createdAt: causedAt } = original
    const chosen = recipientId === null ? null : await findChoices(db, [recipientId])
    const why = whyNotRepeatable(original, chosen?.get(recipientId ?? '') ?? noChoices)
    if (why) return why
    const ended = await deps.whyNot({ ...original, causedAt, address: null, bulk: false })
    return ended && sentenceOf('dropped' in ended ? ended.dropped : ended.obsolete)
  }

  async function resend(original: StoredNotification, resourceId: string): Promise<NotificationId> {
    const notificationId = resourceId as NotificationId
    const about = { notificationId, correlationId: currentCorrelationId(), createdAt: now() }
    await insertNotifications(db, [repeated(original, about)])
    sender.nudge()
    return notificationId
  }

  return {
    async listNotificationsAsOperator({ query: { limit, cursor: from, ...filter } }) {
      const rows = await listNotifications(db, filter, { limit, after: cursor.decode(from) })
      const { page, nextCursor } = cursor.pageOf(rows, limit, ({ createdAt, notificationId }) => ({
        at: createdAt,
        id: notificationId,
      }))
      return { status: 200, body: { notifications: page, nextCursor } }
    },
    async resendNotification({ params, principal, resourceId, log }) {
      const original = await findNotification(db, params.notificationId)
      if (!original) return refuseUnknown(NOTIFICATION_NOT_FOUND, params.notificationId)
      const why = await whyNothing(original)
      if (why) return refuse(NOTHING_TO_RESEND, { message: why })
      const notificationId = await resend(original, resourceId)
      log.warn(
        { notificationId, resendOf: params.notificationId, type: original.type, by: actorOf(principal) },
        'a notification is sent again for an operator',
      )
      return { status: 202, body: { notificationId } }
    },
    async resendOrderAsOperator({ params: { orderId }, principal, resourceId, log }) {
      const order = await deps.peers.find.order(orderId)
      if (!order) return refuseUnknown(ORDER_NOT_FOUND, orderId)
      const found = await resendableOf(deps, order)
      if ('why' in found) return refuse(NOTHING_TO_RESEND, { message: found.why })
      const notificationId = await resend(found.original, resourceId)
      log.warn(
        { notificationId, orderId, by: actorOf(principal) },
        'the tickets of an order are mailed again for an operator',
      )
      return { status: 202, body: { notificationId } }
    },
  }
}
