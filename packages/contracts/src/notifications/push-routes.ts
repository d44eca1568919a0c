import * as z from 'zod'
import { defineRoute, Empty } from '../http/define-route.ts'
import { RATE_LIMITED, VALIDATION_FAILED } from '../http/refusals.ts'
import { PushSubscriptionId } from '../values/ids.ts'
import { plainName } from '../values/plain-name.ts'
import { Instant } from '../values/text.ts'
import { PUSH_ENDPOINT_TAKEN, PUSH_SUBSCRIPTION_NOT_FOUND, PUSH_UNAVAILABLE } from './refusals.ts'

/** The most devices of one account; a further one replaces the least recently used. */
export const PUSH_DEVICES_MAX = 20

/** Bytes in base64url, as browsers encode them; optional padding. */
const bytes = (length: number, what: string) =>
  z
    .string()
    .max(200)
    .regex(/^[\w-]+={0,2}$/, 'must be base64url')
    .refine(
      (text) => Math.floor((text.replace(/=+$/, '').length * 3) / 4) === length,
      `must be ${what}, ${length} bytes`,
    )

/** What `PushSubscription.toJSON()` returns in a browser, and the device's name. */
export const NewPushSubscription = z.strictObject({
  endpoint: z
    .url({ protocol: /^https$/ })
    .max(1_000)
    .meta({ description: 'where the browser’s push service takes messages for it' }),
  expirationTime: z
    .number()
    .nullable()
    .optional()
    .meta({ description: 'accepted as browsers send it, and ignored' }),
  keys: z.strictObject({
    p256dh: bytes(65, 'a point on P-256, uncompressed').meta({ description: 'the browser’s public key' }),
    auth: bytes(16, 'a secret').meta({ description: 'the browser’s authentication secret' }),
  }),
  device: plainName(60).optional().meta({ description: 'the name its owner gave it' }),
})
export type NewPushSubscription = z.output<typeof NewPushSubscription>

export const PushSubscription = z.object({
  subscriptionId: PushSubscriptionId,
  device: z.string().optional(),
  service: z.string().meta({ description: 'host of the push service; the endpoint itself is never shown' }),
  current: z.boolean().meta({ description: 'whether this sign-in registered it' }),
  createdAt: Instant.meta({ description: 'when its sign-in registered it' }),
  lastUsedAt: Instant.optional().meta({ description: 'when it last received a push' }),
})
export type PushSubscription = z.output<typeof PushSubscription>

/**
 * Web Push (RFC 8030, 8291, 8292): a browser subscribes with our public key, and registers the subscription
 * here.
 */
export const notificationsPushRoutes = {
  getPushKey: defineRoute({
    method: 'GET',
    path: '/api/notifications/push/key',
    summary: 'Get the public key with which a browser subscribes (`applicationServerKey`)',
    access: 'anyone',
    responses: {
      200: z.object({
        publicKey: z.string().meta({ description: 'a point on P-256, uncompressed, in base64url' }),
      }),
    },
    refusals: [PUSH_UNAVAILABLE],
  }),
  listPushSubscriptions: defineRoute({
    method: 'GET',
    path: '/api/notifications/push/subscriptions',
    summary: 'List the devices of the signed-in user that get pushes, newest first',
    access: 'user',
    responses: { 200: z.object({ subscriptions: z.array(PushSubscription) }) },
  }),
  addPushSubscription: defineRoute({
    method: 'POST',
    path: '/api/notifications/push/subscriptions',
    summary:
      'Register a device for pushes until this sign-in ends or the device is removed. ' +
      'Repeating it renews keys, name and sign-in',
    access: 'user',
    // The endpoint is its key: the same endpoint is the same device.
    idempotency: 'none',
    body: NewPushSubscription,
    responses: {
      200: PushSubscription.meta({ description: 'it was registered already' }),
      201: PushSubscription,
    },
    refusals: [VALIDATION_FAILED, PUSH_UNAVAILABLE, PUSH_ENDPOINT_TAKEN, RATE_LIMITED],
  }),
  removePushSubscription: defineRoute({
    method: 'DELETE',
    path: '/api/notifications/push/subscriptions/:subscriptionId',
    summary: 'Stop pushes to this device',
    access: 'user',
    params: z.object({ subscriptionId: PushSubscriptionId }),
    responses: { 204: Empty },
    refusals: [PUSH_SUBSCRIPTION_NOT_FOUND],
  }),
} as const
