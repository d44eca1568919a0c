import { encryptNotification, vapidHeaders } from '@block65/webcrypto-web-push'
import { createGuard, type Policy, ServiceUnavailable, type Watchers } from '@boxoffice/service-kit'
import { Agent, request } from 'undici'
import { isWellKnown, NotPublic, publicLookup, refusePrivate } from './endpoint.ts'
import { contentOf, type PushMessage } from './push-message.ts'
import type { Device } from './subscription-repository.ts'
import type { Vapid } from './vapid.ts'

/** What becomes of a push at a push service: it took it, the subscription is no more, or it will never take this one. */
export type PushOutcome = 'ACCEPTED' | 'GONE' | 'PUSH_TOO_LARGE' | 'PUSH_REFUSED'

/** A push service that cannot take it now, and from when it may, if it says so. */
export class PushLater extends ServiceUnavailable {
  readonly retryAfterMs: number
  constructor(callee: 'push' | 'pushElsewhere', retryAfterMs: number, cause: string) {
    super(callee, 'ANSWER', true, cause)
    this.retryAfterMs = retryAfterMs
  }
}

const CONNECT_TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 16_384
const RETRY_AFTER_MAX_MS = 6 * 3_600_000
/**
 * What is encrypted is a multiple of this, so that its length says little; never as long as would fit (RFC 8291, 4: 3993 bytes), since
 * push services of telephones take less.
 */
const PADDED_BYTES = 512

/** Hand a push to the push service of one browser. Rejects with ServiceUnavailable when that is unavailable, or gave no answer. */
export type SendPush = (device: Device, message: PushMessage, notificationId: string) => Promise<PushOutcome>

/**
 * Web Push: encrypted for the browser alone (RFC 8291), signed as ours (RFC 8292). Push services that browsers bring share a breaker;
 * those that a user named have one of their own. Nothing is sent to an address that is not of the internet, and no redirect is followed.
 */
export function createPushService(
  config: { timeoutMs: number; privateAddresses: boolean },
  vapid: Vapid,
  policies: Readonly<Record<'push' | 'pushElsewhere', Policy>>,
  watchers: Watchers,
): { send: SendPush; close(): Promise<void> } {
  const { timeoutMs, privateAddresses } = config
  const guards = {
    push: createGuard('push', policies.push, watchers, config),
    pushElsewhere: createGuard('pushElsewhere', policies.pushElsewhere, watchers, config),
  }
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(!privateAddresses && { lookup: publicLookup }) },
    maxResponseSize: ANSWER_BYTES_MAX,
  })

  async function post(
    callee: keyof typeof guards,
    device: Device,
    message: PushMessage,
    body: Uint8Array,
    authorization: string,
  ) {
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
      return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] }
    } catch (error) {
      if (error instanceof NotPublic) return { status: 400, retryAfter: undefined }
      throw new ServiceUnavailable(callee, signal.aborted ? 'TIMEOUT' : 'CONNECTION', true, error)
    }
  }

  return {
    async send(device, message, notificationId) {
      const { endpoint, p256dh, auth } = device
      const callee = isWellKnown(endpoint) ? 'push' : 'pushElsewhere'
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
      return guards[callee]('sendPush', async () => {
        const { status, retryAfter } = await post(callee, device, message, body, headers.authorization)
        return outcomeOf(callee, status, retryAfter)
      })
    },
    async close() {
      for (const guard of Object.values(guards)) guard.close()
      await agent.close()
    },
  }
}

/** RFC 8030: 201 it is taken, 404 and 410 the subscription is no more, 413 too large, 429 too many. */
function outcomeOf(callee: 'push' | 'pushElsewhere', status: number, retryAfter: string | string[] | undefined): PushOutcome {
  if (status >= 200 && status < 300) return 'ACCEPTED'
  if (status === 404 || status === 410) return 'GONE'
  if (status === 413) return 'PUSH_TOO_LARGE'
  if (status === 429 || status >= 500) throw new PushLater(callee, retryAfterMsOf(retryAfter), `answered ${status}`)
  return 'PUSH_REFUSED'
}

/** `Retry-After`: seconds, or a date. */
export function retryAfterMsOf(header: string | string[] | undefined, now = Date.now()): number {
  if (typeof header !== 'string') return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS) : 0
}

/** Spaces after JSON say nothing. */
function padded(json: string): Uint8Array {
  const bytes = Buffer.from(json)
  const size = Math.ceil(bytes.length / PADDED_BYTES) * PADDED_BYTES
  return new Uint8Array(Buffer.concat([bytes, Buffer.alloc(size - bytes.length, ' ')]))
}
