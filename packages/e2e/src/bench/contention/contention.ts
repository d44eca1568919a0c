import type { EventId } from '@boxoffice/contracts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdSeat } from '../holds/hold-templates.ts'
import { fact, figuresOf, heading, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishHall } from '../venue.ts'
import { type Measured, measureLoad, showRounds, type World, withWorld } from '../world.ts'

const CONTENDERS = 5_000
const CONNECTIONS = 500
const BARE = 'a bare 409'

/**
 * Five thousand buyers request one seat: one gets it; measures how long the others wait for their refusal.
 */
export const contention: Bench = {
  title: 'one seat and 5,000 contenders on 500 connections through the edge, next to a bare 409',
  important: true,
  run: (context) => withWorld(context, undefined, (world) => measureContention(context, world)),
}

async function measureContention(context: BenchContext, world: World): Promise<void> {
  const { bench, bare } = world
  const rounds = context.sized(5, 2)
  const contenders = context.sized(CONTENDERS, 2_000)
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, contenders)
  const crowd = { kind: 'closed', connections: CONNECTIONS, requests: contenders } as const
  const wantOneSeat = (url: string) => async () => {
    const hall = await publishHall(organizer, 100)
    const [type] = hall.types
    if (!type) throw new Error('the hall has no ticket type')
    const wanted = { ...hall, types: [{ ...type, seatIds: ['1-R1-50'] }] }
    await lookAt(url, hall.eventId)
    return measureLoad(world, holdSeat(url, wanted, buyers), crowd)
  }
  const refuse = { method: 'POST', url: `${bare.url}/refuse`, body: '{"seat":"{{uuid}}"}' }
  const { urls } = bench.system
  const results = await interleave(rounds, {
    [BARE]: () => measureLoad(world, refuse, crowd),
    'through the edge': wantOneSeat(urls.edge),
    'no edge': wantOneSeat(urls.tickets),
  })
  report(context, results, `${contenders} contenders, ${CONNECTIONS} connections, ${rounds} rounds`)
  await context.invariants(bench.observed)
}

/** Reads what buyers read before a sale opens: the ticket types and the map. */
async function lookAt(url: string, eventId: EventId): Promise<void> {
  for (const what of ['types', 'seats']) {
    const answer = await fetch(`${url}/api/tickets/${what}?eventId=${eventId}`)
    if (!answer.ok) throw new Error(`${what} of ${eventId}: ${answer.status} ${await answer.text()}`)
    await answer.body?.cancel()
  }
}

function report(context: BenchContext, results: Record<string, Measured[]>, how: string): void {
  heading(`One seat: ${how}, ${context.instances} of each service; rows show the refusals`)
  for (const [name, all] of Object.entries(results))
    showRounds(context, name, all, { status: 409, what: 'refusal' })
  const medianOf = (name: string, figure: 'p50Ms' | 'p99Ms') =>
    median((results[name] ?? []).map(({ load }) => figuresOf(load, 409)[figure]))
  for (const name of ['through the edge', 'no edge']) {
    const p99 = medianOf(name, 'p99Ms')
    const value =
      `p50 ${medianOf(name, 'p50Ms').toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ` +
      `${times(p99, medianOf(BARE, 'p99Ms'))}`
    if (name === 'no edge') fact(`refused, ${name}`, value)
    else
      context.goal(
        `refused, ${name}, p99 relative to ${BARE}`,
        value,
        p99 <= 2 * medianOf(BARE, 'p99Ms'),
        '≤ 2.00×',
      )
  }
  const winners = ['through the edge', 'no edge'].flatMap((name) =>
    (results[name] ?? []).map(({ load }) => load.answers['201']?.count ?? 0),
  )
  context.check(
    'winners of each round',
    winners.join(', '),
    winners.every((count) => count === 1),
    'one',
  )
  const unanswered = Object.entries(results).flatMap(([, all]) =>
    all.map(
      ({ load }) => load.requests - (load.answers['201']?.count ?? 0) - (load.answers['409']?.count ?? 0),
    ),
  )
  context.check(
    'contenders neither served nor refused',
    unanswered.join(', '),
    unanswered.every((count) => count === 0),
    'none',
  )
}
