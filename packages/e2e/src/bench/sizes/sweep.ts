import pg from 'pg'
import type { BenchContext } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdOne } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS } from '../holds/holds.ts'
import { evenSchedule } from '../load/schedule.ts'
import { fact, figuresOf, heading, line, step, times } from '../report.ts'
import { publishField } from '../venue.ts'
import { measureLoad, type World } from '../world.ts'

const PER_SECOND = 50
const WITHIN = 1.3
/** Holds made through the API; the others are copied from one of them. */
const MADE = 2_000
const SWEPT_SECONDS_MAX = 1_800

/** Expires many holds at once and measures the effect of their sweep on a sale. */
export async function measureSweep(context: BenchContext, world: World): Promise<void> {
  const { bench, generator } = world
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const [expiring, selling] = [await publishField(organizer), await publishField(organizer)]
  const url = bench.system.urls.tickets
  const wanted = context.sized(100_000, 5_000)
  step(`making ${wanted} holds that will expire`)
  const made = await generator.run(holdOne(url, expiring, buyers), {
    kind: 'closed',
    connections: CONNECTIONS,
    requests: MADE,
  })
  const seconds = context.sized(30, 10)
  const sale = { kind: 'open', dueMs: evenSchedule(PER_SECOND, seconds), connectionsMax: 200 } as const
  const template = holdOne(url, selling, buyers)
  const client = new pg.Client({ connectionString: bench.system.databaseUrl('tickets') })
  await client.connect()
  try {
    await copyHolds(client, expiring.eventId, wanted - figuresOf(made, 201).count)
    step(`${PER_SECOND} holds a second, without a sweep`)
    const alone = await measureLoad(world, template, sale)
    const { rowCount } = await client.query(
      `update reservations set expires_at = clock_timestamp() where event_id = $1 and status = 'ACTIVE'`,
      [expiring.eventId],
    )
    step(`${rowCount} holds have expired; ${PER_SECOND} holds a second during their sweep`)
    const beside = await measureLoad(world, template, sale)
    const left = await untilSwept(client, expiring.eventId)
    heading(`A sweep of ${rowCount} expired holds next to ${PER_SECOND} holds a second`)
    line('without a sweep', figuresOf(alone.load, 201))
    line('during the sweep', figuresOf(beside.load, 201))
    context.limits('during the sweep', beside.limits)
    context.record('sweep', { expired: rowCount, alone: alone.load, beside: beside.load })
    const [a, b] = [figuresOf(alone.load, 201).p99Ms, figuresOf(beside.load, 201).p99Ms]
    context.goal('p99 during the sweep', times(b, a), b <= a * WITHIN, `≤ ${WITHIN}×`)
    fact('seconds from the end of the sale until all were swept', left.seconds.toFixed(1))
    context.check('expired holds that were not swept', String(left.count), left.count === 0, 'none')
  } finally {
    await client.end()
  }
}

/** Copies an event's hold for other buyers. */
async function copyHolds(client: pg.Client, eventId: string, count: number): Promise<void> {
  await client.query(
    `with one as (select reservation_id, currency from reservations where event_id = $1 limit 1),
     made as (
       insert into reservations (reservation_id, user_id, event_id, currency, status, expires_at)
       select gen_random_uuid(), gen_random_uuid(), $1, currency, 'ACTIVE',
         clock_timestamp() + interval '1 hour'
       from one, generate_series(1, $2) returning reservation_id),
     itemized as (
       insert into reservation_items (reservation_id, event_id, ticket_type_id, quantity, unit_price_minor)
       select made.reservation_id, $1, ticket_type_id, quantity, unit_price_minor
       from made, reservation_items i join one using (reservation_id))
     update ticket_type_counters set held = held + $2 where event_id = $1`,
    [eventId, count],
  )
}

async function untilSwept(client: pg.Client, eventId: string): Promise<{ seconds: number; count: number }> {
  const startedMs = performance.now()
  for (;;) {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int from reservations where event_id = $1 and status = 'ACTIVE'`,
      [eventId],
    )
    const count = rows[0]?.count ?? 0
    const seconds = (performance.now() - startedMs) / 1_000
    if (count === 0 || seconds > SWEPT_SECONDS_MAX) return { seconds, count }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
