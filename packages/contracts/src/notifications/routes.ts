import * as z from 'zod'
import { defineRoute, Empty, eventStream, NextCursor, Page } from '../http/define-route.ts'
import {
  LINK_EXPIRED,
  LINK_INVALID,
  RATE_LIMITED,
  TOO_MANY_STREAMS,
  VALIDATION_FAILED,
} from '../http/refusals.ts'
import { ORDER_NOT_FOUND } from '../payments/refusals.ts'
import { EventId, NotificationId, OrderId } from '../values/ids.ts'
import { Instant, TimeZone } from '../values/text.ts'
import { NOTHING_TO_RESEND, NOTIFICATION_NOT_FOUND } from './refusals.ts'

export const NotificationType = z.enum([
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONFIRMATION',
  'PAYMENT_PROCESSED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'ORDER_CANCELLED',
  'EVENT_UPDATED',
  'EVENT_CANCELLED',
  'EVENT_REMINDER',
  'TICKET_TRANSFERRED',
  'TICKETS_STOPPED',
  'ORDER_CONTACT_REQUESTED',
  'ORDER_CONTACT_CHANGED',
])
export type NotificationType = z.output<typeof NotificationType>
export const Channel = z.enum(['EMAIL', 'SMS', 'PUSH'])
export type Channel = z.output<typeof Channel>
export const NotificationStatus = z.enum(['PENDING', 'SENDING', 'SENT', 'BOUNCED', 'FAILED'])
export type NotificationStatus = z.output<typeof NotificationStatus>

/** Why a mail has not reached its mailbox yet. */
export const DelayReason = z.enum(['MAILBOX_FULL', 'MAIL_TOO_LARGE', 'CONTENT_REFUSED', 'NOT_REACHED'])
export type DelayReason = z.output<typeof DelayReason>
/** Why it never will: temporary or permanent failure. */
export const BounceReason = z.enum([
  ...DelayReason.options,
  'NO_SUCH_MAILBOX',
  'MAILBOX_REFUSED',
  'KNOWN_TO_FAIL',
  'UNSAFE_CONTENT',
])
export type BounceReason = z.output<typeof BounceReason>

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
  readAt: Instant.optional(),
  failure: z
    .object({ reason: z.string(), message: z.string().meta({ description: 'for a person' }) })
    .optional()
    .meta({ description: 'why it is FAILED or BOUNCED' }),
})
export type Notification = z.output<typeof Notification>

const UnreadCount = z.int().nonnegative().meta({ description: 'sent and not marked as read' })

const preference = { type: NotificationType, channel: Channel }
/** Whether a user gets notifications of a type through a channel. */
export const Preference = z.object({
  ...preference,
  enabled: z.boolean(),
  changeable: z.boolean().meta({ description: 'false: always sent, or never sent this way' }),
})
export type Preference = z.output<typeof Preference>

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00')
export const QuietHours = z
  .strictObject({ start: TimeOfDay, end: TimeOfDay, timeZone: TimeZone })
  .refine(({ start, end }) => start !== end, { path: ['end'], message: 'must differ from the start' })
export type QuietHours = z.output<typeof QuietHours>

export const Preferences = z.object({
  preferences: z.array(Preference).meta({ description: 'every type and channel' }),
  // Offsets were accepted before: stored ones must still be shown.
  quietHours: z.object({ start: TimeOfDay, end: TimeOfDay, timeZone: z.string() }).optional(),
})
export type Preferences = z.output<typeof Preferences>

export const PreferenceChanges = z.strictObject({
  preferences: z
    .array(z.strictObject({ ...preference, enabled: z.boolean() }))
    .max(100)
    .meta({ description: 'the changed ones; a list from GET may be sent back' }),
  quietHours: QuietHours.nullable().optional().meta({
    description: 'text messages, pushes, and mails that can wait are sent when they are over; null ends them',
  }),
})
export type PreferenceChanges = z.output<typeof PreferenceChanges>

const Token = z.string().min(1).max(512).meta({ description: 'from the link in the mail, behind `#`' })

export const notificationsRoutes = {
  listNotifications: defineRoute({
    method: 'GET',
    path: '/api/notifications',
    summary: 'List the notifications sent to the signed-in user, newest first',
    access: 'user',
    query: Page.extend({
      unread: z.enum(['true', 'false']).optional().meta({ description: 'true: only unread ones' }),
    }),
    responses: {
      200: z.object({
        notifications: z.array(Notification),
        nextCursor: NextCursor,
        unreadCount: UnreadCount,
      }),
    },
  }),
  watchNotifications: defineRoute({
    method: 'GET',
    path: '/api/notifications/stream',
    summary:
      'Stream the number of unread notifications: now, with each new notification, and after each change',
    access: 'user',
    responses: {
      200: eventStream(z.object({ unreadCount: UnreadCount, notification: Notification.optional() })),
    },
    refusals: [TOO_MANY_STREAMS],
  }),
  readNotification: defineRoute({
    method: 'POST',
    path: '/api/notifications/:notificationId/read',
    summary: 'Mark a notification as read; no effect before it is sent',
    access: 'user',
    params: z.object({ notificationId: NotificationId }),
    responses: { 200: Notification },
    refusals: [NOTIFICATION_NOT_FOUND],
  }),
  getPreferences: defineRoute({
    method: 'GET',
    path: '/api/notifications/preferences',
    summary: 'Get the notification settings of the signed-in user',
    access: 'user',
    responses: { 200: Preferences },
  }),
  updatePreferences: defineRoute({
    method: 'PUT',
    path: '/api/notifications/preferences',
    summary: 'Change some of the settings; the others stay',
    access: 'user',
    body: PreferenceChanges,
    responses: { 200: Preferences },
    refusals: [VALIDATION_FAILED],
  }),
  resendOrder: defineRoute({
    method: 'POST',
    path: '/api/notifications/orders/:orderId/resend',
    summary: 'Mail your order confirmation again, with the tickets that are still valid',
    access: 'user',
    params: z.object({ orderId: OrderId }),
    responses: {
      202: z.object({ notificationId: NotificationId }),
    },
    refusals: [ORDER_NOT_FOUND, NOTHING_TO_RESEND, RATE_LIMITED],
  }),
  confirmOrderContact: defineRoute({
    method: 'POST',
    path: '/api/notifications/order-contacts/confirm',
    summary:
      "Send an order's mails to the address to which this token was mailed; the previous address is notified",
    access: 'anyone',
    body: z.strictObject({
      token: Token,
      mine: z.boolean().optional().meta({ description: 'false: someone else requested it; the link ends' }),
    }),
    responses: { 204: Empty },
    refusals: [LINK_INVALID, LINK_EXPIRED],
  }),
  undoOrderContact: defineRoute({
    method: 'POST',
    path: '/api/notifications/order-contacts/undo',
    summary: "Send an order's mails to the previous address again, with the token that was mailed there",
    access: 'anyone',
    body: z.strictObject({ token: Token }),
    responses: { 204: Empty },
    refusals: [LINK_INVALID, LINK_EXPIRED],
  }),
} as const
