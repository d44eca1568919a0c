import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import type { BenchSystem } from '../bench-system.ts'
import { signIn } from '../crowd.ts'
import type { Load } from '../load/run-load.ts'
import type { RequestTemplate } from '../load/template.ts'
import { fact, figuresOf, heading, step, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField, publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, type Measured, measureLoad, showRounds, type World, withWorld } from '../world.ts'
import { holdBare, holdOne, holdSeat } from './hold-templates.ts'

export const CONNECTIONS = 50
export const BUYERS = 5_000
/** Holds that an event already has when its measurement starts. */
export const WARM_UP = 5

export const holds: Bench = {
  title:
    'durable holds a second through the service: seats, general, the best seats; ' +
    'next to bare Fastify + Redis, and + one INSERT',
  important: true,
  run: (context) => withWorld(context, liftedLimits, (world) => measureHolds(context, world)),
}

async function measureHolds(context: BenchContext, world: World): Promise<void> {
  const { bench, bare } = world
  const [seconds, rounds] = [context.sized(8, 3), context.sized(5, 3)]
  const seats = seatsAtMost(context.sized(50_000, 20_000))
  const organizer = await bench.person('Olga', { organizer: true })
  step(`${BUYERS} buyers sign in`)
  const buyers = signIn(bench, BUYERS)
  const { urls } = bench.system
  const seatNames = Array.from({ length: 1_000_000 }, (_, index) => `s${index}`)
  const closed = { kind: 'closed', connections: CONNECTIONS, seconds } as const
  const { held, hold } = createHolds(world, closed)
  const bareHold = (path: string) => () =>
    measureLoad(world, holdBare(`${bare.url}${path}`, randomUUID(), seatNames), closed)

  const results = await interleave(rounds, {
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
      if (!type) throw new Error('the hall has no ticket type')
      return hold(
        holdOne(urls.tickets, { eventId: hall.eventId, ...type }, buyers, true),
        hall.eventId,
        seats,
      )
    },
  })
  report(
    context,
    results,
    `${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections, ${BUYERS} buyers, halls of ${seats} seats`,
  )
  await checkHoldsAreStored(context, bench, held)
  await context.invariants(bench.observed)
}

type Name = '(a) bare Fastify + one Redis script' | '(b) + one INSERT' | 'seats' | 'general' | 'best seats'

function report(context: BenchContext, results: Record<Name, Measured[]>, how: string): void {
  heading(`Holds through the ticket service: ${how}, ${context.instances} of each service`)
  fact('limits lifted', JSON.stringify(liftedLimits))
  const rates = Object.fromEntries(
    Object.entries(results).map(([name, all]) => [
      name,
      median(all.map(({ load }) => figuresOf(load, 201).perSecond)),
    ]),
  ) as Record<Name, number>
  for (const [name, all] of Object.entries(results))
    showRounds(context, name, all, { status: 201, what: 'hold' })
  const a = rates['(a) bare Fastify + one Redis script']
  const b = rates['(b) + one INSERT']
  for (const name of ['seats', 'general'] as const) {
    context.goal(
      `${name}, relative to (a)`,
      `${rates[name].toFixed(0)}/s, ${times(rates[name], a)}`,
      rates[name] >= 0.7 * a,
      '≥ 0.70×',
    )
    context.goal(`${name}, relative to (b)`, times(rates[name], b), rates[name] >= 2.5 * b, '≥ 2.50×')
  }
  fact(
    'best seats, relative to (a) and to (b)',
    `${times(rates['best seats'], a)} and ${times(rates['best seats'], b)}`,
  )
}

/** Measures holds of one event after another and counts the successful ones of each. */
export function createHolds(world: World, closed: Load & { kind: 'closed' }) {
  const held: { eventId: string; answered: number }[] = []
  const hold = async (template: RequestTemplate, eventId: string, requests?: number): Promise<Measured> => {
    // Excludes the first hold, which loads the event.
    await world.generator.run(template, { kind: 'closed', connections: 1, requests: WARM_UP })
    const measured = await measureLoad(world, template, {
      ...closed,
      firstIndex: WARM_UP,
      ...(requests && { requests: requests - WARM_UP }),
    })
    held.push({ eventId, answered: figuresOf(measured.load, 201).count })
    return measured
  }
  return { held, hold }
}

/** Checks that every successful hold is in PostgreSQL. */
export async function checkHoldsAreStored(
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
  const lost = held.reduce(
    (sum, { eventId, answered }) => sum + Math.max(0, answered - (stored.get(eventId) ?? 0)),
    0,
  )
  const answered = held.reduce((sum, each) => sum + each.answered, 0)
  context.check('holds answered 201 that are not in PostgreSQL', `${lost} of ${answered}`, lost === 0, 'none')
}
