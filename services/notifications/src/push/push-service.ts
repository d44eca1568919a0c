import { encryptNotification, vapidHeaders } from '@block65/webcrypto-web-push'
import { createGuard, type Policy, ServiceUnavailable, type Watchers } from '@boxoffice/service-kit'
import { Agent, request } from 'undici'
import { createPublicLookup, isWellKnown, NotPublic, refusePrivate } from './endpoint.ts'
import { type findAddresses, NameNotFound } from './names.ts'
import { PushLater } from './push-later.ts'
import { contentOf, type PushMessage } from './push-message.ts'
import type { Device } from './subscription-repository.ts'
import type { Vapid } from './vapid.ts'

/**
 * The answer of a push service: it accepted the push, the subscription is gone, or it will never accept this
 * push.
 */
export type PushOutcome = 'ACCEPTED' | 'GONE' | 'PUSH_TOO_LARGE' | 'PUSH_REFUSED'

type Callee = 'push' | 'pushElsewhere'
/** The HTTP answer, or that the name has no address. */
type Answered = { status: number; retryAfter?: string | string[] | undefined } | { notFound: NameNotFound }

const CONNECT_TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 16_384
const RETRY_AFTER_MAX_MS = 6 * 3_600_000 // the provider limits it to the rest of the push's lifetime
/**
 * Payloads are padded to a multiple of this, so that the length reveals little, but not to the maximum (RFC
 * 8291, 4: 3993 bytes), since push services of telephones accept less.
 */
const PADDED_BYTES = 512

export const calleeOf = (endpoint: string): Callee => (isWellKnown(endpoint) ? 'push' : 'pushElsewhere')

/**
 * Sends a push to the push service of one browser. Rejects with ServiceUnavailable if that is unavailable or
 * did not answer.
 */
export type SendPush = (device: Device, message: PushMessage, notificationId: string) => Promise<PushOutcome>

/**
 * Creates a Web Push client: messages are encrypted for the browser alone (RFC 8291) and signed as ours (RFC
 * 8292). Push services of browsers share a breaker; those that users run share another. It sends nothing to
 * non-public addresses and follows no redirects.
 */
export function createPushService(
  config: { timeoutMs: number; privateAddresses: boolean },
  vapid: Vapid,
  policies: Readonly<Record<Callee, Policy>>,
  watchers: Watchers,
  find?: typeof findAddresses,
): { send: SendPush; close(): Promise<void> } {
  const { timeoutMs, privateAddresses } = config
  const guards = {
    push: createGuard('push', policies.push, watchers, config),
    pushElsewhere: createGuard('pushElsewhere', policies.pushElsewhere, watchers, config),
  }
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(!privateAddresses && { lookup: createPublicLookup(find) }) },
    maxResponseSize: ANSWER_BYTES_MAX,
  })

  return {
    async send(device, message, notificationId) {
      const { endpoint, p256dh, auth } = device
      const callee = calleeOf(endpoint)
      if (!privateAddresses) {
        try {
          refusePrivate(endpoint)
        } catch {
          return 'PUSH_REFUSED'
        }
      }
      const subscription = { endpoint, expirationTime: null, keys: { p256dh, auth } }
      const content = padded(contentOf(message, notificationId))
      const body = await encryptNotification(subscription, content, { pad: false })
      const { headers } = await vapidHeaders(subscription, vapid.keys)
      const answered = await guards[callee]('sendPush', () =>
        post(callee, { device, message, body, authorization: headers.authorization }, { agent, timeoutMs }),
      )
      return outcomeOf(callee, answered)
    },
    async close() {
      for (const guard of Object.values(guards)) guard.close()
      await agent.close()
    },
  }
}

interface PushRequest {
  device: Device
  message: PushMessage
  /** Encrypted. */
  body: Uint8Array
  authorization: string
}

/** Posts a push to its endpoint. Rejects with PushLater after a 5xx answer, else with ServiceUnavailable. */
async function post(
  callee: Callee,
  { device, message, body, authorization }: PushRequest,
  { agent, timeoutMs }: { agent: Agent; timeoutMs: number },
): Promise<Answered> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await request(device.endpoint, {
      dispatcher: agent,
      method: 'POST',
      signal,
      headers: {
        authorization,
        ttl: String(message.ttlSeconds),
        urgency: message.urgency,
        topic: message.topic,
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
      },
      body,
    })
    await answer.body.dump({ limit: ANSWER_BYTES_MAX, signal })
    const { statusCode: status, headers } = answer
    if (status >= 500)
      throw new PushLater(callee, retryAfterMsOf(headers['retry-after']), `answered ${status}`)
    return { status, retryAfter: headers['retry-after'] }
  } catch (error) {
    if (error instanceof PushLater) throw error
    if (error instanceof NotPublic) return { status: 400 }
    if (error instanceof NameNotFound) return { notFound: error }
    throw new ServiceUnavailable(callee, signal.aborted ? 'TIMEOUT' : 'CONNECTION', true, error)
  }
}

/**
 * Maps an answer (RFC 8030): 201 accepted, 404 and 410 the subscription is gone, 413 too large, 429 too many.
 * Failures that one device alone can cause are mapped outside of the guard, so that they do not open the
 * breaker for others.
 */
function outcomeOf(callee: Callee, answered: Answered): PushOutcome {
  if ('notFound' in answered) throw new ServiceUnavailable(callee, 'CONNECTION', false, answered.notFound)
  const { status, retryAfter } = answered
  if (status >= 200 && status < 300) return 'ACCEPTED'
  if (status === 404 || status === 410) return 'GONE'
  if (status === 413) return 'PUSH_TOO_LARGE'
  if (status === 429) throw new PushLater(callee, retryAfterMsOf(retryAfter), 'answered 429')
  return 'PUSH_REFUSED'
}

/** `Retry-After`: seconds, or a date. */
export function retryAfterMsOf(header: string | string[] | undefined, now = Date.now()): number {
  if (typeof header !== 'string') return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS) : 0
}

/** Pads JSON with spaces, which parsers ignore. */
function padded(json: string): Uint8Array {
  const bytes = Buffer.from(json)
  const size = Math.ceil(bytes.length / PADDED_BYTES) * PADDED_BYTES
  return new Uint8Array(Buffer.concat([bytes, Buffer.alloc(size - bytes.length, ' ')]))
}
