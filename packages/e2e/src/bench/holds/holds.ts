import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type BareServer, startBare } from '../baseline/bare.ts'
import { type Bench, type BenchContext, inTurns } from '../bench.ts'
import { type BenchSystem, instancesOf, withBenchSystem } from '../bench-system.ts'
import { signIn } from '../crowd.ts'
import { type Generator, startGenerator } from '../load/generator.ts'
import type { LoadResult } from '../load/run-load.ts'
import type { RequestTemplate } from '../load/template.ts'
import { type Limits, observe } from '../measure/limits.ts'
import { fact, figuresOf, heading, line, otherAnswers, step, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField, publishHall, seatsAtMost } from '../venue.ts'
import { holdBare, holdOne, holdSeat } from './hold-templates.ts'

export const CONNECTIONS = 50
const BUYERS = 5_000

/** Limits per person that are lifted for a bench, and said. */
export const liftedLimits = { tickets: { LIVE_RESERVATIONS_MAX: '1000000' } }

export interface Measured {
  load: LoadResult
  limits: Limits
}

/** Measures one template in a closed loop; what is observed includes the load generator. */
export async function measureClosed(
  { bench, generator, bare }: { bench: BenchSystem; generator: Generator; bare?: BareServer },
  template: RequestTemplate,
  load: { seconds?: number; turns?: number; connections?: number },
): Promise<Measured> {
  const what = await bench.observable()
  const pids = { ...what.pids, ...(bare && { 'bare Fastify': bare.pid }), 'load generator': generator.pid }
  const { result, limits } = await observe({ ...what, pids }, () =>
    generator.run(template, { kind: 'closed', connections: CONNECTIONS, ...load }),
  )
  return { load: result, limits }
}

export const holds: Bench = {
  title:
    'durable holds a second through the service: seats, general, the best seats; beside bare Fastify + Redis, and + one INSERT',
  important: true,
  run: (context) =>
    withBenchSystem({ env: liftedLimits, instances: instancesOf(context.instances) }, async (bench) => {
      const generator = startGenerator()
      const bare = await startBare(bench)
      try {
        await measureHolds(context, { bench, generator, bare })
      } finally {
        await Promise.all([generator.stop(), bare.stop()])
      }
    }),
}

type World = { bench: BenchSystem; generator: Generator; bare: BareServer }

async function measureHolds(context: BenchContext, world: World): Promise<void> {
  const { bench, bare } = world
  const [seconds, rounds] = [context.sized(8, 3), context.sized(5, 3)]
  const seats = seatsAtMost(context.sized(50_000, 20_000))
  const organizer = await bench.person('Olga', { organizer: true })
  step(`${BUYERS} buyers sign in`)
  const buyers = signIn(bench, BUYERS)
  const { urls } = bench.system
  const seatNames = Array.from({ length: 1_000_000 }, (_, index) => `s${index}`)
  const held: { eventId: string; answered: number }[] = []
  const hold = async (template: RequestTemplate, eventId: string, turns?: number) => {
    const measured = await measureClosed(world, template, { seconds, ...(turns && { turns }) })
    held.push({ eventId, answered: figuresOf(measured.load, 201).count })
    return measured
  }
  const bareHold = (path: string) => () =>
    measureClosed(world, holdBare(`${bare.url}${path}`, randomUUID(), seatNames), { seconds })

  const results = await inTurns(rounds, {
    '(a) bare Fastify + one Redis script': bareHold('/redis'),
    '(b) + one INSERT': bareHold('/redis-and-insert'),
    seats: async () => {
      const hall = await publishHall(organizer, seats)
      return hold(holdSeat(urls.tickets, hall, buyers), hall.eventId, seats)
    },
    general: async () => {
      const field = await publishField(organizer)
      return hold(holdOne(urls.tickets, field, buyers), field.eventId)
    },
    'best seats': async () => {
      const hall = await publishHall(organizer, seats)
      const [type] = hall.types
      if (!type) throw new Error('the hall sells nothing')
      return hold(holdOne(urls.tickets, { eventId: hall.eventId, ...type }, buyers, true), hall.eventId, seats)
    },
  })
  report(
    context,
    results,
    `${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections, ${BUYERS} buyers, halls of ${seats} seats`,
  )
  await everyHoldIsThere(context, bench, held)
  await context.invariants(bench.observed)
}

type Name = '(a) bare Fastify + one Redis script' | '(b) + one INSERT' | 'seats' | 'general' | 'best seats'

function report(context: BenchContext, results: Record<Name, Measured[]>, how: string): void {
  heading(`Holds through the ticket service: ${how}, ${context.instances} of each service`)
  fact('limits that are lifted', JSON.stringify(liftedLimits))
  const rates = Object.fromEntries(
    Object.entries(results).map(([name, all]) => [name, median(all.map(({ load }) => figuresOf(load, 201).perSecond))]),
  ) as Record<Name, number>
  for (const [name, all] of Object.entries(results) as [Name, Measured[]][]) {
    for (const { load } of all) {
      context.record(name, load)
      line(name, figuresOf(load, 201))
      const others = otherAnswers(load, 201)
      if (others) fact('answered otherwise', others)
    }
    const last = all.at(-1)
    if (last) context.limits(name, last.limits, { what: 'hold', count: figuresOf(last.load, 201).count })
  }
  const a = rates['(a) bare Fastify + one Redis script']
  const b = rates['(b) + one INSERT']
  for (const name of ['seats', 'general'] as const) {
    context.goal(`${name}, of (a)`, `${rates[name].toFixed(0)}/s, ${times(rates[name], a)}`, rates[name] >= 0.7 * a, '≥ 0.70×')
    context.goal(`${name}, of (b)`, times(rates[name], b), rates[name] >= 2.5 * b, '≥ 2.50×')
  }
  fact('best seats, of (a) and of (b)', `${times(rates['best seats'], a)} and ${times(rates['best seats'], b)}`)
}

/** Every hold that was answered stands in PostgreSQL. */
export async function everyHoldIsThere(
  context: BenchContext,
  { system }: BenchSystem,
  held: readonly { eventId: string; answered: number }[],
): Promise<void> {
  const client = new pg.Client({ connectionString: system.databaseUrl('tickets') })
  await client.connect()
  const { rows } = await client.query<{ event_id: string; count: number }>(
    'select event_id, count(*)::int from reservations where event_id = any($1) group by event_id',
    [held.map(({ eventId }) => eventId)],
  )
  await client.end()
  const stored = new Map(rows.map(({ event_id, count }) => [event_id, count]))
  const lost = held.reduce((sum, { eventId, answered }) => sum + Math.max(0, answered - (stored.get(eventId) ?? 0)), 0)
  const answered = held.reduce((sum, each) => sum + each.answered, 0)
  context.promise('holds that were answered 201 and are not in PostgreSQL', `${lost} of ${answered}`, lost === 0, 'none')
}
