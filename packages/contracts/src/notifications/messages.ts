import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { NotificationId, UserId } from '../values/ids.ts'
import { callers } from '../values/services.ts'
import { cutTo, Instant } from '../values/text.ts'
import { Channel, NotificationType } from './routes.ts'

// What became of a notification, where the service that asked for it asked for that too: a subscriber takes
// those with its name as `requestedBy`.

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

/** Its provider took it. It may still come back: NOTIFICATION_FAILED follows then. */
export const notificationDelivered = defineMessage('NOTIFICATION_DELIVERED', {
  ...ofNotification,
  payload: OfNotification.extend({ deliveredAt: Instant, providerMessageId: cutTo(500) }),
})
/** It was not sent, and is not tried any more; or it was, and came back. */
export const notificationFailed = defineMessage('NOTIFICATION_FAILED', {
  ...ofNotification,
  payload: OfNotification.extend({
    outcome: z
      .enum(['FAILED', 'BOUNCED', 'CANCELLED'])
      .meta({ description: 'CANCELLED: there was no point, or it was turned off' }),
    reason: cutTo(500),
  }),
})
