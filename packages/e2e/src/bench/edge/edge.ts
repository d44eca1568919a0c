import { startBareEdge } from '../baseline/bare-edge.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdOne, holdSeat } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS, checkHoldsAreStored, createHolds } from '../holds/holds.ts'
import { fact, figuresOf, heading, times } from '../report.ts'
import { median } from '../statistics.ts'
import { publishField, publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, type Measured, measureLoad, showRounds, type World, withWorld } from '../world.ts'

const BARE = 'an edge before a bare upstream'

/**
 * Measures the cost of the edge: holds through it, next to the same edge in front of a server with a static
 * response.
 */
export const edge: Bench = {
  title: "holds through the edge, next to the edge's bare proxying",
  run: (context) => withWorld(context, liftedLimits, (world) => measureEdge(context, world)),
}

async function measureEdge(context: BenchContext, world: World): Promise<void> {
  const { bench, bare } = world
  const [seconds, rounds] = [context.sized(8, 3), context.sized(5, 3)]
  const seats = seatsAtMost(context.sized(50_000, 20_000))
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const bareEdge = await startBareEdge(bare.url)
  const { urls } = bench.system
  const closed = { kind: 'closed', connections: CONNECTIONS, seconds } as const
  const { held, hold } = createHolds(world, closed)
  const field = await publishField(organizer)
  try {
    const results = await interleave(rounds, {
      [BARE]: () =>
        measureLoad(world, holdOne(bareEdge.url, field, buyers), closed, { 'bare edge': bareEdge.pid }),
      'seats, no edge': async () => {
        const hall = await publishHall(organizer, seats)
        return hold(holdSeat(urls.tickets, hall, buyers), hall.eventId, seats)
      },
      'seats, through the edge': async () => {
        const hall = await publishHall(organizer, seats)
        return hold(holdSeat(urls.edge, hall, buyers), hall.eventId, seats)
      },
      'general, through the edge': async () => {
        const general = await publishField(organizer)
        return hold(holdOne(urls.edge, general, buyers), general.eventId)
      },
    })
    report(context, results, `${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections`)
  } finally {
    await bareEdge.stop()
  }
  await checkHoldsAreStored(context, bench, held)
  await context.invariants(bench.observed)
}

function report(context: BenchContext, results: Record<string, Measured[]>, how: string): void {
  heading(`Holds through the edge: ${how}, ${context.instances} of each service`)
  fact('limits lifted', JSON.stringify(liftedLimits))
  for (const [name, all] of Object.entries(results))
    showRounds(context, name, all, { status: 201, what: 'hold' })
  const rateOf = (name: string) =>
    median((results[name] ?? []).map(({ load }) => figuresOf(load, 201).perSecond))
  for (const name of ['seats, through the edge', 'general, through the edge']) {
    const rate = rateOf(name)
    const ratio = `${rate.toFixed(0)}/s, ${times(rate, rateOf(BARE))}`
    context.goal(`${name}, relative to ${BARE}`, ratio, rate >= 0.8 * rateOf(BARE), '≥ 0.80×')
  }
  fact(
    'seats through the edge, relative to no edge',
    times(rateOf('seats, through the edge'), rateOf('seats, no edge')),
  )
}
