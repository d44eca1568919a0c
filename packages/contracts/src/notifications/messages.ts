import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { NotificationId, UserId } from '../values/ids.ts'
import { callers } from '../values/services.ts'
import { cutTo, Instant } from '../values/text.ts'
import { Channel, NotificationType } from './routes.ts'

// The outcome of a notification, if the requesting service asked for it: a subscriber filters by its name as
// `requestedBy`.

const ofNotification = {
  topics: ['notification-events'],
  attributes: ['notificationId', 'requestedBy'],
} as const
const OfNotification = z.object({
  notificationId: NotificationId,
  requestedBy: z.enum(callers),
  userId: UserId,
  type: NotificationType,
  channel: Channel,
})

/** Its provider accepted it. It may still bounce: NOTIFICATION_FAILED follows then. */
export const notificationDelivered = defineMessage('NOTIFICATION_DELIVERED', {
  ...ofNotification,
  payload: OfNotification.extend({ deliveredAt: Instant, providerMessageId: cutTo(500) }),
})
/** It was not sent and is not retried, or it bounced. */
export const notificationFailed = defineMessage('NOTIFICATION_FAILED', {
  ...ofNotification,
  payload: OfNotification.extend({
    outcome: z
      .enum(['FAILED', 'BOUNCED', 'CANCELLED'])
      .meta({ description: 'CANCELLED: no longer needed, or turned off' }),
    reason: cutTo(500),
  }),
})
