import { createHash } from 'node:crypto'
import {
  addressOf,
  type Caller,
  EventId,
  type NotificationId,
  type NotificationRequest,
  OrderId,
} from '@boxoffice/contracts'
import { currentCorrelationId } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Database } from '../database.ts'
import { derivedId } from '../notifications/derived-id.ts'
import { newNotification } from '../notifications/enqueue.ts'
import type { NewNotification } from '../notifications/notification.ts'
import { insertNotifications } from '../notifications/notification-repository.ts'
import { encodePayload, payloadOf } from '../notifications/payloads.ts'
import { isEnabled } from '../preferences/preference.ts'
import { type Choices, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { isOwnTemplate } from './request-checks.ts'
import { findRequested, type Requested } from './request-repository.ts'

export interface AcceptRequestsDeps {
  db: Database
  newId: () => string
  now: () => Date
  sender: { nudge(): void }
}

const Subject = z.object({ orderId: OrderId.optional(), eventId: EventId.optional() })

/** A valid request; `key`: its idempotency key. */
export interface Asked {
  readonly request: NotificationRequest
  readonly key: string | null
}
export type Accepted = { notificationId: NotificationId } | 'TURNED_OFF' | 'KEY_REUSED'

/**
 * Stores the requests of a service with one statement, and returns a result for each. A request with a key is
 * one notification, however often it comes, also within one call.
 */
export async function acceptRequests(
  deps: AcceptRequestsDeps,
  service: Caller,
  asked: readonly Asked[],
): Promise<Accepted[]> {
  const requests = asked.map(({ request, key }) => ({
    request,
    notificationId: (key === null ? deps.newId() : derivedId(`${service} ${key}`)) as NotificationId,
    requestHash: hashOf(request),
  }))
  const ids = requests.map(({ notificationId }) => notificationId)
  const known = await findRequested(deps.db, ids)
  const fresh = requests.filter(({ notificationId }) => !known.has(notificationId))
  const chosen = await findChoices(deps.db, [...new Set(fresh.map(({ request }) => request.userId))])
  const choicesOf = ({ userId }: NotificationRequest) => chosen.get(userId) ?? noChoices
  const isEnabledFor = ({ request }: { request: NotificationRequest }) =>
    isEnabled(request.type, request.channel, choicesOf(request).choices)
  // Only the first request with a key is inserted; the others are compared with it.
  const firsts = new Map(
    fresh
      .filter(isEnabledFor)
      .toReversed()
      .map((one) => [one.notificationId, one]),
  )
  const written = await insertNotifications(
    deps.db,
    [...firsts.values()].map((one) => ({
      ...rowOf(one, { service, now: deps.now(), choices: choicesOf(one.request) }),
    })),
  )
  if (written.size > 0) deps.sender.nudge()
  // Concurrent requests with the same key were faster.
  const faster = await findRequested(
    deps.db,
    [...firsts.keys()].filter((notificationId) => !written.has(notificationId)),
  )
  return requests.map((one): Accepted => {
    const { notificationId, requestHash } = one
    const before = known.get(notificationId) ?? faster.get(notificationId)
    const first = firsts.get(notificationId)
    if (!before && !first) return 'TURNED_OFF'
    const isSame = before ? isSameAs(before, one) : first?.requestHash === requestHash
    return isSame ? { notificationId } : 'KEY_REUSED'
  })
}

interface Identified {
  readonly request: NotificationRequest
  readonly notificationId: NotificationId
  readonly requestHash: string
}

// Older rows have no hash; compare what is known.
const isSameAs = (known: Requested, { request, requestHash }: Identified) =>
  known.requestHash === null
    ? known.type === request.type && known.channel === request.channel && known.recipientId === request.userId
    : known.requestHash === requestHash

/** Returns the same hash for the same request, whatever the order of its JSON. */
function hashOf({ requestId: _, ...request }: NotificationRequest): string {
  const sorted = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(request, sorted)).digest('hex')
}

/**
 * Returns the row of a request. Quiet hours apply to its sending time, from which on its recipient sees it.
 */
function rowOf(
  { request, notificationId, requestHash }: Identified,
  { service, now, choices }: { service: Caller; now: Date; choices: Choices },
): NewNotification {
  const { userId, type, recipient, subject, payload, priority, template, notifyResult, sendAt } = request
  const draft = {
    messageId: notificationId,
    correlationId: currentCorrelationId(),
    type,
    recipientId: userId,
    address: request.channel === 'EMAIL' ? addressOf(recipient) : recipient,
    ...Subject.safeParse(payload).data,
    payload: isOwnTemplate(request) ? encodePayload(type, payloadOf(type, request)) : payload,
    ...(subject && { ownSubject: subject }),
  }
  const later = sendAt && sendAt > now ? { nextAttemptAt: sendAt } : {}
  const about = {
    notificationId,
    channel: request.channel,
    choices,
    createdAt: later.nextAttemptAt ?? now,
    ...later,
    priority,
  }
  const notification = newNotification(draft, priority === 'URGENT' ? { ...about, urgent: true } : about)
  return {
    ...notification,
    requestHash,
    requestedBy: service,
    notifyResult: notifyResult ?? false,
    ...(!isOwnTemplate(request) && { template }),
  }
}
