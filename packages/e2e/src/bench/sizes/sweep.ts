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

/** Holds that are all over at once, and what their sweep does to a sale. */
export async function measureSweep(context: BenchContext, world: World): Promise<void> {
  const { bench, generator } = world
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const [expiring, selling] = [await publishField(organizer), await publishField(organizer)]
  const url = bench.system.urls.tickets
  step('making holds that will be over')
  await generator.run(holdOne(url, expiring, buyers), {
    kind: 'closed',
    connections: CONNECTIONS,
    turns: context.sized(100_000, 5_000),
    seconds: context.sized(60, 10),
  })
  const seconds = context.sized(30, 10)
  const sale = { kind: 'open', dueMs: evenSchedule(PER_SECOND, seconds), connectionsMax: 200 } as const
  const template = holdOne(url, selling, buyers)
  step(`${PER_SECOND} holds a second, without a sweep`)
  const alone = await measureLoad(world, template, sale)
  const client = new pg.Client({ connectionString: bench.system.databaseUrl('tickets') })
  await client.connect()
  try {
    const { rowCount } = await client.query(
      `update reservations set expires_at = clock_timestamp() where event_id = $1 and status = 'ACTIVE'`,
      [expiring.eventId],
    )
    step(`${rowCount} holds are over; ${PER_SECOND} holds a second beside their sweep`)
    const beside = await measureLoad(world, template, sale)
    const left = await untilSwept(client, expiring.eventId)
    heading(`A sweep of ${rowCount} expired holds beside ${PER_SECOND} holds a second`)
    line('without a sweep', figuresOf(alone.load, 201))
    line('beside the sweep', figuresOf(beside.load, 201))
    context.limits('beside the sweep', beside.limits)
    context.record('sweep', { expired: rowCount, alone: alone.load, beside: beside.load })
    const [a, b] = [figuresOf(alone.load, 201).p99Ms, figuresOf(beside.load, 201).p99Ms]
    context.goal('p99 beside the sweep', times(b, a), b <= a * WITHIN, `≤ ${WITHIN}×`)
    fact('seconds until all were swept after the sale', left.seconds.toFixed(1))
    context.promise('expired holds that were not swept', String(left.count), left.count === 0, 'none')
  } finally {
    await client.end()
  }
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
    if (count === 0 || seconds > 180) return { seconds, count }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
