import * as z from 'zod'
import { Refusal, saying } from '../http/define-refusal.ts'
import { defineRoute, Empty } from '../http/define-route.ts'
import { IDEMPOTENCY_KEY_REUSED, VALIDATION_FAILED } from '../http/refusals.ts'
import { NotificationId, UserId } from '../values/ids.ts'
import { JsonRecord } from '../values/json-record.ts'
import { Instant, line } from '../values/text.ts'
import { NOTIFICATION_NOT_FOUND, NOTIFICATION_NOT_PENDING } from './refusals.ts'
import { Channel, DelayReason, NotificationStatus, NotificationType } from './routes.ts'

/** Who goes first where more is due than may go: URGENT before HIGH before MEDIUM before LOW. */
export const Priority = z.enum(['LOW', 'MEDIUM', 'HIGH', 'URGENT'])
export type Priority = z.output<typeof Priority>

/** The name of a template: a type's own, or one that the operator configured. */
export const TemplateName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, 'must be a name such as doors-open')

/** What another service asks to be sent. */
export const NotificationRequest = z.strictObject({
  requestId: z
    .uuid()
    .optional()
    .meta({ description: 'the same request again is sent once; an Idempotency-Key does the same' }),
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
  template: TemplateName.meta({ description: 'the type’s own, or one that is configured' }),
  subject: line(200).optional(),
  payload: JsonRecord.meta({
    description:
      'what the type’s message tells, for its own template; the placeholders of one that is configured',
  }),
  priority: Priority.meta({ description: 'who goes first; URGENT is sent in quiet hours too' }),
  sendAt: Instant.optional().meta({ description: 'not before, at most a year ahead; what is over is now' }),
  notifyResult: z
    .boolean()
    .optional()
    .meta({ description: 'what becomes of it is published: NOTIFICATION_DELIVERED, NOTIFICATION_FAILED' }),
})
export type NotificationRequest = z.output<typeof NotificationRequest>

/** So many requests in one call, at most. */
export const REQUESTS_MAX = 100

const accepted = { notificationId: NotificationId }
/** What becomes of one request of several. */
export const RequestOutcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('ACCEPTED'), ...accepted }),
  z
    .object({ outcome: z.literal('TURNED_OFF') })
    .meta({ description: 'nothing is sent: its recipient turned the type off' }),
  z.object({
    outcome: z.literal('REFUSED'),
    ...Refusal.pick({ error: true, message: true, details: true }).shape,
  }),
])
export type RequestOutcome = z.output<typeof RequestOutcome>

/** How a notification stands, for the service that asked for it. */
export const RequestedNotification = z.object({
  ...accepted,
  type: NotificationType,
  channel: Channel,
  template: z.string(),
  priority: Priority,
  status: z.enum([...NotificationStatus.options, 'CANCELLED']).meta({
    description:
      'CANCELLED: it is not sent, because who asked, or its recipient, did not want it or there was no point',
  }),
  attempts: z.int().nonnegative(),
  createdAt: Instant.meta({
    description: 'from when on it is for its recipient: when it was asked for, or `sendAt`',
  }),
  nextAttemptAt: Instant.optional().meta({ description: 'while it is PENDING or SENDING: not before' }),
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
    .meta({ description: 'the provider goes on trying' }),
  complainedAt: Instant.optional().meta({ description: 'its reader called it unwanted' }),
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
          'nothing is sent, and there is no notification of it: its recipient turned the type off. The key is free',
      }),
      202: z.object(accepted),
    },
    refusals: [
      VALIDATION_FAILED,
      saying(IDEMPOTENCY_KEY_REUSED, 'anything but the key differs from the first request'),
    ],
  }),
  sendNotifications: defineRoute({
    method: 'POST',
    path: '/api/notifications/internal/requests/batch',
    summary: 'Send several notifications: each is answered by itself, at its place, as if it had come alone',
    access,
    bodyLimitBytes: 4_194_304,
    body: z.strictObject({
      requests: z
        .array(z.unknown().meta({ description: 'a NotificationRequest; one that is none is refused alone' }))
        .min(1)
        .max(REQUESTS_MAX),
    }),
    responses: { 200: z.object({ outcomes: z.array(RequestOutcome) }) },
    refusals: [VALIDATION_FAILED],
  }),
  getRequestedNotification: defineRoute({
    method: 'GET',
    path: '/api/notifications/internal/requests/:notificationId',
    summary: 'What became of a notification, for the service that asked for it',
    access,
    params: z.object({ notificationId: NotificationId }),
    responses: { 200: RequestedNotification },
    refusals: [NOTIFICATION_NOT_FOUND],
  }),
  cancelRequestedNotification: defineRoute({
    method: 'DELETE',
    path: '/api/notifications/internal/requests/:notificationId',
    summary: 'Do not send a notification that has not been tried yet',
    access,
    params: z.object({ notificationId: NotificationId }),
    responses: {
      204: Empty,
    },
    refusals: [NOTIFICATION_NOT_FOUND, NOTIFICATION_NOT_PENDING],
  }),
} as const
