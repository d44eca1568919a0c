import type { Sql, Tx } from '@boxoffice/service-kit'
import type Stripe from 'stripe'

// A charge whose outcome is unknown to us may be refunded or disputed before we find out that it was made.
const UNKNOWN_CHARGE_HOURS = 24
const UNKNOWN_CHARGE_REST_SECONDS = 60

/** A webhook event to keep. */
export interface NewWebhookEvent {
  readonly event: Stripe.Event
  readonly rawBody: string
  readonly traceparent: string | null
  /** Of an event that is about a charge alone. */
  readonly transactionId: string | null
}

/** An event that is handled now. */
export interface WebhookEvent {
  readonly webhookEventId: string
  readonly body: Stripe.Event
  readonly attempts: number
  /** Until it is due again, if it is not handled now. */
  readonly waitSeconds: number
  /** It may be about a charge that is not known yet. */
  readonly isRecent: boolean
  /** No other is due. */
  readonly isLast: boolean
  readonly traceparent: string | null
}

/**
 * Keeps webhook events, each once; those of charges that are booked already are done with, by `outcome`:
 * their ids.
 */
export async function insertWebhookEvents(
  sql: Sql,
  events: readonly NewWebhookEvent[],
  outcome: string,
): Promise<Set<string>> {
  const rows = await sql.query<{ eventId: string }>(
    `with given as (
       select g.id, g.type, g.body, g.traceparent,
         case when exists (select from ledger_entries where reference = g.transaction_id and kind = 'CHARGE')
           then $6 end as outcome
       from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[])
         g(id, type, body, traceparent, transaction_id)),
     kept as (
       insert into webhook_events (webhook_event_id, type, body, traceparent, processed_at, outcome)
       select id, type, body, traceparent, case when outcome is not null then clock_timestamp() end, outcome
       from given order by id
       on conflict on constraint webhook_events_pkey do nothing returning webhook_event_id, processed_at)
     select webhook_event_id as "eventId" from kept where processed_at is not null`,
    [
      events.map(({ event }) => event.id),
      events.map(({ event }) => event.type),
      events.map(({ rawBody }) => rawBody),
      events.map(({ traceparent }) => traceparent),
      events.map(({ transactionId }) => transactionId),
      outcome,
    ],
  )
  return new Set(rows.map(({ eventId }) => eventId))
}

/**
 * The event that has been due for longest, its row locked, and due again later if this is rolled back to;
 * null for none.
 */
export async function takeWebhookEvent(tx: Tx): Promise<WebhookEvent | null> {
  const [event] = await tx.query<WebhookEvent>(
    `update webhook_events set attempts = attempts + 1,
       next_attempt_at = clock_timestamp() + least(3600, power(2, least(attempts, 12))) * interval '1 second'
     where webhook_event_id = (
       select webhook_event_id from webhook_events
       where processed_at is null and next_attempt_at <= clock_timestamp()
       order by next_attempt_at limit 1 for update skip locked)
     returning webhook_event_id as "webhookEventId", body, attempts, traceparent,
       extract(epoch from next_attempt_at - clock_timestamp())::float as "waitSeconds",
       received_at > clock_timestamp() - interval '${UNKNOWN_CHARGE_HOURS} hours' as "isRecent",
       not exists (select from webhook_events other where other.processed_at is null
         and other.next_attempt_at <= clock_timestamp()
         and other.webhook_event_id <> webhook_events.webhook_event_id) as "isLast"`,
  )
  return event ?? null
}

/** An event is done with, and what came of it. */
export async function markProcessed(tx: Tx, webhookEventId: string, outcome: string): Promise<void> {
  await tx.query(
    'update webhook_events set processed_at = clock_timestamp(), outcome = $2 where webhook_event_id = $1',
    [webhookEventId, outcome],
  )
}

/** An event about a charge that may become known is looked at again soon. */
export async function keepForLater(tx: Tx, webhookEventId: string): Promise<void> {
  await tx.query(
    `update webhook_events set next_attempt_at =
       least(next_attempt_at, clock_timestamp() + interval '${UNKNOWN_CHARGE_REST_SECONDS} seconds')
     where webhook_event_id = $1`,
    [webhookEventId],
  )
}
