import { setTimeout as sleep } from 'node:timers/promises'
import { createGroups, currentTraceparent, type Sql } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import { KNOWN_ALREADY } from './take-in.ts'
import { toldBy } from './told.ts'

/**
 * A charge's own answer is on its way to us too: when it is booked, there is nothing to learn from its event
 * any more.
 */
const CHARGE_REST_MS = 250
const GROUP_MAX = 200
/** Events that wait to be kept; beyond it the gateway is answered 503, and comes again. */
const WAITING_MAX = 5_000

interface Kept {
  readonly event: Stripe.Event
  readonly rawBody: string
  readonly traceparent: string | null
  /** Of an event that tells of a charge alone. */
  readonly transactionId: string | null
}

/**
 * Keeps what the gateway tells, once, in one statement what comes together; whether it is done with. Charges
 * are kept a moment later, all of that moment at once: what dies meanwhile was not acknowledged, and comes
 * again.
 */
export function createWebhookKeeper(db: Sql): (event: Stripe.Event, rawBody: string) => Promise<boolean> {
  const keepOne = createGroups<Kept, boolean>({
    laneOf: ({ event }) => event.id,
    ofLaneMax: 1,
    mixesLanes: true,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: 1,
    waitingMax: WAITING_MAX,
    run: (events) => keep(db, events),
  })
  let rest: Promise<void> | null = null
  const restTogether = () => {
    rest ??= sleep(CHARGE_REST_MS).then(() => {
      rest = null
    })
    return rest
  }
  return async (event, rawBody) => {
    const [only, ...others] = toldBy(event)
    const transactionId = only?.kind === 'charged' && others.length === 0 ? only.transactionId : null
    if (transactionId !== null) await restTogether()
    return keepOne({ event, rawBody, traceparent: currentTraceparent(), transactionId })
  }
}

async function keep(sql: Sql, events: readonly Kept[]): Promise<boolean[]> {
  const rows = await sql.query<{ eventId: string }>(
    `with given as (
       select g.id, g.type, g.body, g.traceparent,
         case when exists (select from ledger_entries where reference = g.transaction_id and kind = 'CHARGE')
           then '${KNOWN_ALREADY}' end as outcome
       from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[]) g(id, type, body, traceparent, transaction_id)),
     kept as (
       insert into webhook_events (webhook_event_id, type, body, traceparent, processed_at, outcome)
       select id, type, body, traceparent, case when outcome is not null then clock_timestamp() end, outcome from given order by id
       on conflict on constraint webhook_events_pkey do nothing returning webhook_event_id, processed_at)
     select webhook_event_id as "eventId" from kept where processed_at is not null`,
    [
      events.map(({ event }) => event.id),
      events.map(({ event }) => event.type),
      events.map(({ rawBody }) => rawBody),
      events.map(({ traceparent }) => traceparent),
      events.map(({ transactionId }) => transactionId),
    ],
  )
  const done = new Set(rows.map((row) => row.eventId))
  return events.map(({ event }) => done.has(event.id))
}
