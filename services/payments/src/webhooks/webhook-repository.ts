import type { Sql, Tx } from '@boxoffice/service-kit'
import type Stripe from 'stripe'

// A charge with an unknown outcome may be refunded or disputed before we learn that it was made.
const UNKNOWN_CHARGE_HOURS = 24
const UNKNOWN_CHARGE_REST_SECONDS = 60

/** A webhook event to save. */
export interface NewWebhookEvent {
  readonly event: Stripe.Event
  readonly rawBody: string
  readonly traceparent: string | null
  /** For an event about a charge only. */
  readonly transactionId: string | null
}

/** A webhook event in progress. */
export interface WebhookEvent {
  readonly webhookEventId: string
  readonly body: Stripe.Event
  readonly attempts: number
  /** Until it is due again, if it is not handled now. */
  readonly waitSeconds: number
  /** It may be about a charge that is not known yet. */
  readonly isRecent: boolean
  /** No other event is due. */
  readonly isLast: boolean
  readonly traceparent: string | null
}

/**
 * Saves webhook events, each once; marks those of booked charges as finished, with `outcome`, and returns
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
 * Returns the event that has been due for longest, its row locked; a rollback to the savepoint leaves it due
 * later. Null for none.
 */
export async function lockDueWebhookEvent(tx: Tx): Promise<WebhookEvent | null> {
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

/** Marks an event as finished, with its outcome. */
export async function markProcessed(tx: Tx, webhookEventId: string, outcome: string): Promise<void> {
  await tx.query(
    'update webhook_events set processed_at = clock_timestamp(), outcome = $2 where webhook_event_id = $1',
    [webhookEventId, outcome],
  )
}

/** Makes an event about a charge that may become known due again soon. */
export async function deferWebhookEvent(tx: Tx, webhookEventId: string): Promise<void> {
  await tx.query(
    `update webhook_events set next_attempt_at =
       least(next_attempt_at, clock_timestamp() + interval '${UNKNOWN_CHARGE_REST_SECONDS} seconds')
     where webhook_event_id = $1`,
    [webhookEventId],
  )
}
