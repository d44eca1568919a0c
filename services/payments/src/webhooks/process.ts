import type { Append } from '@boxoffice/messaging'
import { continueTrace, createSweeper, type Database, type Logger, type Tx } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import type { Apply } from '../saga/apply.ts'
import { createTakeIn, NO_SUCH_ORDER } from './take-in.ts'
import { toldBy } from './told.ts'

const BATCH = 50
// A charge whose outcome is unknown to us may be given back or disputed before we find out that it was made.
const UNKNOWN_CHARGE_HOURS = 24
const UNKNOWN_CHARGE_REST_SECONDS = 60

const done =
  'update webhook_events set processed_at = clock_timestamp(), outcome = $2 where webhook_event_id = $1'

interface Row {
  webhook_event_id: string
  body: Stripe.Event
  attempts: number
  wait_seconds: number
  is_recent: boolean
  is_last: boolean
  traceparent: string | null
}

/**
 * Works through what the gateway told us: each event once, in one transaction with its effect. What fails
 * comes again; so does, for a day, what is about a charge that we do not know.
 */
export function createWebhookProcessor(options: {
  db: Database
  append: Append
  apply: Apply
  newId: () => string
  onSagaDue(): void
  logger: Logger
  intervalMs: number
}) {
  const { db, logger } = options
  const takeIn = createTakeIn(options)

  /** What came of it; null where it is about a charge that may become known. */
  async function process(tx: Tx, { body, is_recent }: Row): Promise<string | null> {
    const outcomes: string[] = []
    for (const told of toldBy(body)) {
      const outcome = await takeIn(tx, told)
      if (outcome === null && is_recent) return null
      outcomes.push(outcome ?? NO_SUCH_ORDER)
    }
    return outcomes.join(', ') || 'not of interest'
  }

  /** Keep it for later. */
  async function keep(tx: Tx, { webhook_event_id }: Row): Promise<void> {
    await tx.query(
      `update webhook_events
         set next_attempt_at = least(next_attempt_at, clock_timestamp() + interval '${UNKNOWN_CHARGE_REST_SECONDS} seconds')
       where webhook_event_id = $1`,
      [webhook_event_id],
    )
  }

  /** One event; whether there are others that are due. */
  async function next(): Promise<{ taken: boolean; more: boolean }> {
    return db.transact(async (tx) => {
      const [row] = await tx.query<Row>(
        `update webhook_events set attempts = attempts + 1,
           next_attempt_at = clock_timestamp() + least(3600, power(2, least(attempts, 12))) * interval '1 second'
         where webhook_event_id = (
           select webhook_event_id from webhook_events where processed_at is null and next_attempt_at <= clock_timestamp()
           order by next_attempt_at limit 1 for update skip locked)
         returning webhook_event_id, body, attempts, extract(epoch from next_attempt_at - clock_timestamp())::float as wait_seconds,
           received_at > clock_timestamp() - interval '${UNKNOWN_CHARGE_HOURS} hours' as is_recent, traceparent,
           not exists (select from webhook_events other where other.processed_at is null
             and other.next_attempt_at <= clock_timestamp() and other.webhook_event_id <> webhook_events.webhook_event_id) as is_last`,
      )
      if (!row) return { taken: false, more: false }
      try {
        const inTrace = () =>
          continueTrace(row.traceparent, `webhook ${row.body.type}`, () => process(tx, row))
        const outcome = await tx.savepoint(inTrace, (outcome) => outcome !== null)
        if (outcome === null) await keep(tx, row)
        else await tx.query(done, [row.webhook_event_id, outcome])
      } catch (error) {
        logger.error({ err: error, ...aboutOf(row) }, 'webhook event handling failed, will be retried')
      }
      return { taken: true, more: !row.is_last }
    })
  }

  return createSweeper({
    name: 'webhook processor',
    intervalMs: options.intervalMs,
    logger,
    async sweep() {
      let taken = 0
      for (let more = true; more && taken < BATCH; ) {
        const event = await next()
        if (event.taken) taken++
        more = event.more
      }
      if (taken > 0) options.onSagaDue()
      return { more: taken === BATCH }
    },
  })
}

/** For a log line: the event, the order that it names, and when it is tried again. */
function aboutOf({ webhook_event_id, body, attempts, wait_seconds }: Row) {
  const { metadata } = body.data.object as { metadata?: { orderId?: string } | null }
  return {
    webhookEventId: webhook_event_id,
    type: body.type,
    orderId: metadata?.orderId,
    attempts,
    waitMs: Math.round(wait_seconds * 1_000),
  }
}
