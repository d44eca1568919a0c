import { ECDH } from 'node:crypto'
import {
  type notificationsPushRoutes,
  PUSH_DEVICES_MAX,
  PUSH_ENDPOINT_TAKEN,
  PUSH_SUBSCRIPTION_NOT_FOUND,
  PUSH_UNAVAILABLE,
  type PushSubscriptionId,
  RATE_LIMITED,
  UNAUTHENTICATED,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import {
  createRateLimitByKey,
  type Handlers,
  RefusedError,
  refuse,
  refuseUnknown,
  type SqlDatabase,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { isEnded } from './ended-session-repository.ts'
import { endpointObjection } from './endpoint.ts'
import type { PushProvider } from './push-provider.ts'
import {
  keepNewest,
  listSubscriptions,
  lockSubscriptionsOf,
  removeSubscription,
  saveSubscription,
} from './subscription-repository.ts'

interface Deps {
  config: Config
  newId: () => string
  now: () => Date
  push: PushProvider | null
  sql: SqlDatabase
}

/** A browser subscribes once; each attempt may cost a DNS query. */
const ADDED_A_MINUTE = 10

const unavailable = () => refuse(PUSH_UNAVAILABLE)

/** The push subscriptions of the signed-in user. */
export function pushHandlers(deps: Deps): Handlers<typeof notificationsPushRoutes> {
  const { sql, push, now, newId, config } = deps
  const rates = createRateLimitByKey({ perMinute: ADDED_A_MINUTE })
  type Listed = Awaited<ReturnType<typeof listSubscriptions>>[number]
  const shownTo =
    (ownSession: string) =>
    ({ endpoint, sessionId, device, lastUsedAt, subscriptionId, createdAt }: Listed) => ({
      subscriptionId,
      ...(device !== null && { device }),
      service: new URL(endpoint).host,
      current: sessionId === ownSession,
      createdAt,
      ...(lastUsedAt && { lastUsedAt }),
    })

  return {
    getPushKey: async () => (push ? { status: 200, body: { publicKey: push.publicKey } } : unavailable()),

    async listPushSubscriptions({ principal: { userId, sessionId } }) {
      const subscriptions = await listSubscriptions(sql, userId)
      return { status: 200, body: { subscriptions: subscriptions.map(shownTo(sessionId)) } }
    },

    async addPushSubscription({ body: { endpoint, keys, device }, principal: { userId, sessionId } }) {
      if (!push) return unavailable()
      const waitSeconds = rates.take(userId)
      if (waitSeconds !== null) throw tooMany(waitSeconds)
      const objection = await endpointObjection(endpoint, config.push)
      const details = objection ? [{ path: 'body.endpoint', message: objection }] : []
      if (!isOnCurve(keys.p256dh))
        details.push({ path: 'body.keys.p256dh', message: 'must be a point on P-256' })
      if (details.length > 0)
        return refuse(VALIDATION_FAILED, { message: 'pushes cannot be sent to this subscription', details })
      const subscription = {
        subscriptionId: newId() as PushSubscriptionId,
        userId,
        endpoint: new URL(endpoint).href,
        p256dh: withoutPadding(keys.p256dh),
        auth: withoutPadding(keys.auth),
        serverKey: push.publicKey,
        device: device ?? null,
        sessionId,
        createdAt: now(),
      }
      const saved = await sql.transact(async (tx) => {
        await lockSubscriptionsOf(tx, userId)
        // Its token was valid when the request came, but the DNS lookup took time.
        if (await isEnded(tx, sessionId)) return 'ENDED'
        const one = await saveSubscription(tx, subscription)
        await keepNewest(tx, userId, PUSH_DEVICES_MAX)
        return one
      })
      if (saved === 'ENDED')
        throw new RefusedError(refuse(UNAUTHENTICATED, { message: 'the session has ended: sign in again' }))
      if (!saved) return refuse(PUSH_ENDPOINT_TAKEN)
      const { isNew, ...one } = saved
      return { status: isNew ? 201 : 200, body: shownTo(sessionId)(one) }
    },

    async removePushSubscription({ params: { subscriptionId }, principal: { userId } }) {
      const removed = await removeSubscription(sql, userId, subscriptionId)
      return removed
        ? { status: 204, body: undefined }
        : refuseUnknown(PUSH_SUBSCRIPTION_NOT_FOUND, subscriptionId)
    },
  }
}

function isOnCurve(p256dh: string): boolean {
  try {
    ECDH.convertKey(p256dh, 'prime256v1', 'base64url')
    return true
  } catch {
    return false
  }
}

const withoutPadding = (text: string) => text.replace(/=+$/, '')

function tooMany(waitSeconds: number): RefusedError {
  const refusal = refuse(RATE_LIMITED, { message: `${ADDED_A_MINUTE} devices can be added a minute` })
  return new RefusedError({ ...refusal, headers: { 'retry-after': String(waitSeconds) } })
}
