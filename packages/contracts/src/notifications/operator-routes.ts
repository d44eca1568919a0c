import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { ORDER_NOT_FOUND } from '../payments/refusals.ts'
import { EventId, NotificationId, OrderId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { NOTHING_TO_RESEND, NOTIFICATION_NOT_FOUND } from './refusals.ts'
import { Channel, Notification, NotificationStatus, NotificationType } from './routes.ts'

/** A status as operators see it. CANCELLED: another service requested it, and it was not needed any more. */
export const OperatorStatus = z.enum([...NotificationStatus.options, 'CANCELLED'])
export type OperatorStatus = z.output<typeof OperatorStatus>

/** A notification as operators see it: neither its recipient nor its content. */
export const ListedNotification = z.object({
  notificationId: NotificationId,
  type: NotificationType,
  channel: Channel,
  status: OperatorStatus,
  attempts: z.int().nonnegative(),
  createdAt: Instant,
  nextAttemptAt: Instant.optional().meta({ description: 'the next attempt, while it is PENDING or SENDING' }),
  sentAt: Instant.optional(),
  failure: Notification.shape.failure.unwrap().optional().meta({
    description: 'why it is FAILED, BOUNCED or CANCELLED',
  }),
  orderId: OrderId.optional(),
  eventId: EventId.optional(),
  resendOf: NotificationId.optional().meta({ description: 'the first one, which this one repeats' }),
})
export type ListedNotification = z.output<typeof ListedNotification>

const resent = { 202: z.object({ notificationId: NotificationId }) }

export const notificationsOperatorRoutes = {
  listNotificationsAsOperator: defineRoute({
    method: 'GET',
    path: '/api/notifications/ops/notifications',
    summary: 'List the notifications to everyone, newest first, without addresses and contents',
    access: 'operator',
    query: Page.extend({
      orderId: OrderId.optional(),
      status: OperatorStatus.optional(),
      type: NotificationType.optional(),
      since: Instant.optional().meta({ description: 'only those created at this time or later' }),
    }),
    responses: { 200: z.object({ notifications: z.array(ListedNotification), nextCursor: NextCursor }) },
  }),
  resendNotification: defineRoute({
    method: 'POST',
    path: '/api/notifications/ops/notifications/:notificationId/resend',
    summary: 'Send a notification again that was sent, failed or bounced; mails with a secret link are not',
    access: 'operator',
    params: z.object({ notificationId: NotificationId }),
    responses: resent,
    refusals: [NOTIFICATION_NOT_FOUND, NOTHING_TO_RESEND],
  }),
  resendOrderAsOperator: defineRoute({
    method: 'POST',
    path: '/api/notifications/ops/orders/:orderId/resend',
    summary: 'Mail the order confirmation to its buyer again, with the tickets that are still valid',
    access: 'operator',
    params: z.object({ orderId: OrderId }),
    responses: resent,
    refusals: [ORDER_NOT_FOUND, NOTHING_TO_RESEND],
  }),
} as const
