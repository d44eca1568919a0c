import type { DelayReason, NotificationId, RequestedNotification } from '@boxoffice/contracts'
import type { Notification as Row } from '../generated/prisma/client.ts'
import { failureOf } from '../notifications/failure.ts'

/**
 * Returns a notification as its requesting service sees it: the recipient's view, and the provider's
 * feedback.
 */
export function requestedOf(row: Omit<Row, 'payload'>): RequestedNotification {
  const {
    status,
    bouncedAt,
    bounceReason,
    delayedAt,
    delayReason,
    complainedAt,
    sentAt,
    providerMessageId,
    nextAttemptAt,
  } = row
  const reason = bounceReason ?? row.failureReason
  const isOpen = status === 'PENDING' || status === 'SENDING'
  return {
    notificationId: row.id as NotificationId,
    type: row.type,
    channel: row.channel,
    template: row.template ?? row.type,
    priority: row.priority,
    status: bounceReason ? 'BOUNCED' : status,
    attempts: row.attempts,
    createdAt: row.createdAt,
    ...(isOpen && { nextAttemptAt }),
    ...(sentAt && { sentAt }),
    ...(providerMessageId && { providerMessageId }),
    ...(reason && { failure: failureOf(reason) }),
    ...(bouncedAt && { bouncedAt }),
    ...(delayedAt && { delayed: { at: delayedAt, reason: delayReason as DelayReason } }),
    ...(complainedAt && { complainedAt }),
  }
}
