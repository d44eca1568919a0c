import { createHmac } from 'node:crypto'
import { seconds } from './context.ts'
import type { Database } from './database.ts'

const AT_ONCE_MAX = 64
const POLL_MS = 250
const ANSWER_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 5_000

export interface WebhookSender {
  start(): void
  /**
   * Lets deliveries under way end (for 5 s at most; one that does not is made again after the next start).
   */
  stop(): Promise<void>
  /** Look for due deliveries now rather than at the next poll. */
  nudge(): void
}

export interface WebhookSenderOptions {
  database: Database
  url: string
  secret: string
  now: () => number
  /** Milliseconds to wait after the `attempts`th failure. */
  backOffMs: (attempts: number) => number
  isPaused: () => boolean
  /** How often it looks for deliveries that have become due. */
  pollMs?: number
}

interface Due {
  position: number
  attempts: number
  eventId: string
}

/** 0.5 s, 1 s, 2 s … at most a minute. */
export const defaultBackOffMs = (attempts: number) => Math.min(60_000, 250 * 2 ** attempts)

/**
 * Delivers what the database holds, at least once, several at a time and in no promised order, until each has
 * been answered 2xx. A delivery is marked when its answer is there: whoever kills the sandbox between the two
 * sees it again.
 */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { database, url, secret, now, pollMs = POLL_MS } = options
  const underWay = new Map<number, Promise<void>>()
  const giveUp = new AbortController()
  let poll: NodeJS.Timeout | undefined
  let isLookingSoon = false

  const look = () => {
    if (poll === undefined || options.isPaused()) return
    const due = database.read.all<Due>(
      `select position, attempts, event_id as eventId from webhook_deliveries
       where delivered_at_ms is null and next_attempt_at_ms <= ? order by next_attempt_at_ms, position limit ?`,
      now(),
      AT_ONCE_MAX,
    )
    for (const delivery of due.filter(({ position }) => !underWay.has(position))) {
      if (underWay.size >= AT_ONCE_MAX) return
      const made = deliver(delivery).finally(() => {
        underWay.delete(delivery.position)
        lookSoon()
      })
      underWay.set(delivery.position, made)
    }
  }

  /** Once for all that ends or is nudged in this turn of the event loop. */
  const lookSoon = () => {
    if (isLookingSoon) return
    isLookingSoon = true
    setImmediate(() => {
      isLookingSoon = false
      look()
    })
  }

  const deliver = async ({ position, attempts, eventId }: Due) => {
    const event = database.read.get<{ body: string }>('select body from stripe_events where id = ?', eventId)
    const answer = await post(url, secret, event?.body ?? '', now(), giveUp.signal)
    if (giveUp.signal.aborted) return
    const delivered = answer.startsWith('2')
    await database.together((tx) =>
      tx.run(
        `update webhook_deliveries set attempts = attempts + 1, last_answer = ?, delivered_at_ms = ?, next_attempt_at_ms = ?
         where position = ?`,
        answer,
        delivered ? now() : null,
        now() + options.backOffMs(attempts + 1),
        position,
      ),
    )
  }

  return {
    start: () => {
      poll = setInterval(look, pollMs)
      look()
    },
    stop: async () => {
      clearInterval(poll)
      poll = undefined
      const timeout = setTimeout(() => giveUp.abort(), STOP_TIMEOUT_MS)
      await Promise.all(underWay.values())
      clearTimeout(timeout)
    },
    nudge: lookSoon,
  }
}

/** The status that the receiver answered with, or what went wrong instead. */
async function post(
  url: string,
  secret: string,
  body: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': signWebhook(body, secret, seconds(nowMs)),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    })
    await response.body?.cancel()
    return String(response.status)
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : error}`
  }
}

/** Stripe's signature scheme: HMAC-SHA256 of `<time>.<body>`. */
export function signWebhook(body: string, secret: string, timestampSeconds: number): string {
  const signature = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex')
  return `t=${timestampSeconds},v1=${signature}`
}
