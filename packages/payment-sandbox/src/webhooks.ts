import { createHmac } from 'node:crypto'
import { seconds } from './context.ts'
import type { Database } from './database.ts'

const AT_ONCE_MAX = 64
const POLL_MS = 250
const ANSWER_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 5_000

export interface WebhookSender {
  start(): void
  /** Waits for deliveries in progress (at most 5 s; an unfinished one is repeated after the next start). */
  stop(): Promise<void>
  /** Polls for due deliveries immediately. */
  nudge(): void
}

export interface WebhookSenderOptions {
  database: Database
  url: string
  secret: string
  now: () => number
  /** Returns the milliseconds to wait after the `attempts`th failure. */
  backOffMs: (attempts: number) => number
  isPaused: () => boolean
  /** Poll interval for due deliveries. */
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
 * Delivers the stored webhooks at least once, several at a time and in no guaranteed order, until each is
 * answered 2xx. A delivery is marked after its response, so a crash in between repeats it.
 */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { database, url, secret, now, pollMs = POLL_MS } = options
  const inFlight = new Map<number, Promise<void>>()
  const deadline = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let isPollScheduled = false

  const poll = () => {
    if (timer === undefined || options.isPaused()) return
    const due = database.read.all<Due>(
      `select position, attempts, event_id as eventId from webhook_deliveries
       where delivered_at_ms is null and next_attempt_at_ms <= ?
       order by next_attempt_at_ms, position limit ?`,
      now(),
      AT_ONCE_MAX,
    )
    for (const delivery of due.filter(({ position }) => !inFlight.has(position))) {
      if (inFlight.size >= AT_ONCE_MAX) return
      const made = deliver(delivery).finally(() => {
        inFlight.delete(delivery.position)
        pollSoon()
      })
      inFlight.set(delivery.position, made)
    }
  }

  /** Runs once for all calls in the same event loop iteration. */
  const pollSoon = () => {
    if (isPollScheduled) return
    isPollScheduled = true
    setImmediate(() => {
      isPollScheduled = false
      poll()
    })
  }

  const deliver = async ({ position, attempts, eventId }: Due) => {
    const event = database.read.get<{ body: string }>('select body from stripe_events where id = ?', eventId)
    const answer = await post(url, secret, event?.body ?? '', now(), deadline.signal)
    if (deadline.signal.aborted) return
    const delivered = answer.startsWith('2')
    await database.groupCommit((tx) =>
      tx.run(
        `update webhook_deliveries set attempts = attempts + 1, last_answer = ?, delivered_at_ms = ?,
           next_attempt_at_ms = ?
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
      timer = setInterval(poll, pollMs)
      poll()
    },
    stop: async () => {
      clearInterval(timer)
      timer = undefined
      const timeout = setTimeout(() => deadline.abort(), STOP_TIMEOUT_MS)
      await Promise.all(inFlight.values())
      clearTimeout(timeout)
    },
    nudge: pollSoon,
  }
}

/** Delivers a webhook; returns the receiver's status or the error. */
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
    return `no response: ${error instanceof Error ? error.message : error}`
  }
}

/** Stripe's signature scheme: HMAC-SHA256 of `<time>.<body>`. */
export function signWebhook(body: string, secret: string, timestampSeconds: number): string {
  const signature = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex')
  return `t=${timestampSeconds},v1=${signature}`
}
