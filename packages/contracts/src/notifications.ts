import { z } from 'zod'
import { EventId, NotificationId, OrderId } from './ids.ts'
import { defineRoute, NextCursor, Page } from './route.ts'
import { Instant } from './text.ts'

export const NotificationType = z.enum([
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'ORDER_CONFIRMATION',
  'PAYMENT_PROCESSED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'ORDER_CANCELLED',
  'EVENT_UPDATED',
  'EVENT_CANCELLED',
  'TICKET_TRANSFERRED',
])
export type NotificationType = z.output<typeof NotificationType>
export const Channel = z.enum(['EMAIL', 'SMS', 'PUSH'])
export const NotificationStatus = z.enum(['PENDING', 'SENDING', 'SENT', 'FAILED'])
export type NotificationStatus = z.output<typeof NotificationStatus>

export const Notification = z.object({
  notificationId: NotificationId,
  type: NotificationType,
  channel: Channel,
  subject: z.string(),
  status: NotificationStatus,
  orderId: OrderId.optional(),
  eventId: EventId.optional(),
  createdAt: Instant,
  sentAt: Instant.optional(),
})
export type Notification = z.output<typeof Notification>

export const notificationsRoutes = {
  listNotifications: defineRoute({
    method: 'GET',
    path: '/api/notifications',
    summary: 'What was sent to the signed-in user, the newest first',
    access: 'user',
    query: Page,
    responses: { 200: z.object({ notifications: z.array(Notification), nextCursor: NextCursor }) },
  }),
} as const
