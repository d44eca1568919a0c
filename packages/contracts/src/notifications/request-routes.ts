import * as z from 'zod'
import { Refusal, saying } from '../http/define-refusal.ts'
import { defineRoute, Empty } from '../http/define-route.ts'
import { IDEMPOTENCY_KEY_REUSED, VALIDATION_FAILED } from '../http/refusals.ts'
import { NotificationId, UserId } from '../values/ids.ts'
import { JsonRecord } from '../values/json-record.ts'
import { Instant, line } from '../values/text.ts'
import { NOTIFICATION_NOT_FOUND, NOTIFICATION_NOT_PENDING } from './refusals.ts'
import { Channel, DelayReason, NotificationStatus, NotificationType } from './routes.ts'

/** Which goes first when more is due than may be sent: URGENT, HIGH, MEDIUM, LOW. */
export const Priority = z.enum(['LOW', 'MEDIUM', 'HIGH', 'URGENT'])
export type Priority = z.output<typeof Priority>

/** The name of a template: a type's own, or a configured one. */
export const TemplateName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, 'must be a name such as doors-open')

/** A request of another service to send a notification. */
export const NotificationRequest = z.strictObject({
  requestId: z
    .uuid()
    .optional()
    .meta({ description: 'a repeated request is sent once; an Idempotency-Key does the same' }),
  userId: UserId,
  type: NotificationType,
  channel: Channel.meta({
    description: 'PUSH: to every browser of the user that takes pushes, where this installation sends some',
  }),
  recipient: z
    .string()
    .min(1)
    .max(254)
    .meta({ description: 'a mail address, a telephone number, or the userId for PUSH' }),
  template: TemplateName.meta({ description: 'the type’s own, or a configured one' }),
  subject: line(200).optional(),
  payload: JsonRecord.meta({
    description:
      'the fields of the type’s message, for its own template; the placeholders of a configured one',
  }),
  priority: Priority.meta({ description: 'the order of sending; URGENT is sent in quiet hours too' }),
  sendAt: Instant.optional().meta({
    description: 'not before, at most a year ahead; a time in the past means now',
  }),
  notifyResult: z
    .boolean()
    .optional()
    .meta({ description: 'publish the outcome: NOTIFICATION_DELIVERED, NOTIFICATION_FAILED' }),
})
export type NotificationRequest = z.output<typeof NotificationRequest>

/** The most requests in one call. */
export const REQUESTS_MAX = 100

const accepted = { notificationId: NotificationId }
/** The result of one request of several. */
export const RequestOutcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('ACCEPTED'), ...accepted }),
  z
    .object({ outcome: z.literal('TURNED_OFF') })
    .meta({ description: 'nothing is sent: the recipient turned the type off' }),
  z.object({
    outcome: z.literal('REFUSED'),
    ...Refusal.pick({ error: true, message: true, details: true }).shape,
  }),
])
export type RequestOutcome = z.output<typeof RequestOutcome>

/** The state of a notification, for the service that requested it. */
export const RequestedNotification = z.object({
  ...accepted,
  type: NotificationType,
  channel: Channel,
  template: z.string(),
  priority: Priority,
  status: z.enum([...NotificationStatus.options, 'CANCELLED']).meta({
    description:
      'CANCELLED: not sent, because the requester or the recipient did not want it, ' +
      'or it was no longer needed',
  }),
  attempts: z.int().nonnegative(),
  createdAt: Instant.meta({
    description: 'when it was requested, or `sendAt`',
  }),
  nextAttemptAt: Instant.optional().meta({ description: 'the next attempt, while it is PENDING or SENDING' }),
  sentAt: Instant.optional(),
  providerMessageId: z.string().optional(),
  failure: z
    .object({ reason: z.string(), message: z.string().meta({ description: 'for a person' }) })
    .optional()
    .meta({ description: 'why it is FAILED, BOUNCED or CANCELLED' }),
  bouncedAt: Instant.optional(),
  delayed: z
    .object({ at: Instant, reason: DelayReason })
    .optional()
    .meta({ description: 'the provider keeps trying' }),
  complainedAt: Instant.optional().meta({ description: 'its reader marked it as spam' }),
})
export type RequestedNotification = z.output<typeof RequestedNotification>

const access = { services: ['auth-service', 'event-service', 'ticket-service', 'payment-service'] } as const

export const notificationsInternalRoutes = {
  sendNotification: defineRoute({
    method: 'POST',
    path: '/api/notifications/internal/send',
    summary: 'Send a notification, unless its recipient has turned the type off',
    access,
    body: NotificationRequest,
    responses: {
      200: z.object({ enqueued: z.literal(false), reason: z.enum(['TURNED_OFF']) }).meta({
        description:
          'nothing is sent or stored: the recipient turned the type off. The key can be used again',
      }),
      202: z.object(accepted),
    },
    refusals: [
      VALIDATION_FAILED,
      saying(IDEMPOTENCY_KEY_REUSED, 'the repeated request differs in more than the key'),
    ],
  }),
  sendNotifications: defineRoute({
    method: 'POST',
    path: '/api/notifications/internal/requests/batch',
    summary: 'Send several notifications: each is answered at its index, as if it had come alone',
    access,
    bodyLimitBytes: 4_194_304,
    body: z.strictObject({
      requests: z
        .array(z.unknown().meta({ description: 'a NotificationRequest; an invalid one is refused alone' }))
        .min(1)
        .max(REQUESTS_MAX),
    }),
    responses: { 200: z.object({ outcomes: z.array(RequestOutcome) }) },
    refusals: [VALIDATION_FAILED],
  }),
  getRequestedNotification: defineRoute({
    method: 'GET',
    path: '/api/notifications/internal/requests/:notificationId',
    summary: 'Get the state of a notification, for the service that requested it',
    access,
    params: z.object({ notificationId: NotificationId }),
    responses: { 200: RequestedNotification },
    refusals: [NOTIFICATION_NOT_FOUND],
  }),
  cancelRequestedNotification: defineRoute({
    method: 'DELETE',
    path: '/api/notifications/internal/requests/:notificationId',
    summary: 'Cancel a notification that has not been tried yet',
    access,
    params: z.object({ notificationId: NotificationId }),
    responses: {
      204: Empty,
    },
    refusals: [NOTIFICATION_NOT_FOUND, NOTIFICATION_NOT_PENDING],
  }),
} as const
