import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { signIn } from '../crowd.ts'
import { holdSeat } from '../holds/hold-templates.ts'
import { BUYERS, CONNECTIONS, checkHoldsAreStored } from '../holds/holds.ts'
import { readRss } from '../measure/processes.ts'
import { fact, figuresOf, heading, step, table } from '../report.ts'
import { median, sum } from '../statistics.ts'
import { publishHall, seatsAtMost } from '../venue.ts'
import { liftedLimits, type Measured, measureLoad, type World, withWorld } from '../world.ts'
import { measureSweep } from './sweep.ts'

const WITHIN = 1.3
const SWEEP_SECONDS = '5'

/**
 * Measures whether a hold costs the same in a small and in a large hall, with one ticket type and with
 * fifty; and during a sweep.
 */
export const sizes: Bench = {
  title:
    'holds in halls of 1,000 to 100,000 seats and of 1 to 50 types, compared; ' +
    'and during a sweep of expired holds',
  run: (context) => {
    const env = { tickets: { ...liftedLimits.tickets, EXPIRY_SWEEP_SECONDS: SWEEP_SECONDS } }
    return withWorld(context, env, async (world) => {
      await measureSizes(context, world)
      await measureSweep(context, world)
      await context.invariants(world.bench.observed)
    })
  },
}

async function measureSizes(context: BenchContext, world: World): Promise<void> {
  const { bench } = world
  const [requests, rounds] = [context.sized(6_000, 600), context.sized(5, 2)]
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  const held: { eventId: string; answered: number }[] = []
  const largest = seatsAtMost(100_000)
  /** Makes a number of holds, in as many halls as needed. */
  const holdIn = (seats: number, types: number) => async (): Promise<Measured[]> => {
    const all: Measured[] = []
    for (let left = requests; left > 0; left -= seats) {
      const hall = await publishHall(organizer, seats, types)
      const template = holdSeat(bench.system.urls.tickets, hall, buyers)
      // Excludes the first hold, which loads the event.
      await world.generator.run(template, { kind: 'closed', connections: 1, requests: 5 })
      const load = {
        kind: 'closed',
        connections: CONNECTIONS,
        requests: Math.min(left, seats - 5),
        firstIndex: 5,
      } as const
      all.push(await measureLoad(world, template, load))
      held.push({ eventId: hall.eventId, answered: figuresOf(all.at(-1)?.load ?? failed(), 201).count })
    }
    return all
  }
  const memory = async () => (await readRss(bench.system.service('tickets').pid ?? 0)) / 1_048_576
  const before = await memory()
  const results = await interleave(rounds, {
    '1,000 seats': holdIn(1_000, 1),
    '10,000 seats': holdIn(10_000, 1),
    [`${largest.toLocaleString('en')} seats`]: holdIn(largest, 1),
    '10,000 seats, 50 types': holdIn(10_000, 50),
  })
  heading(
    `Holds by size: ${rounds} rounds of ${requests} holds, ${CONNECTIONS} connections, ` +
      `${context.instances} of each service`,
  )
  fact('limits lifted', JSON.stringify(liftedLimits))
  const figures = Object.entries(results).map(([name, all]) => {
    context.record(
      name,
      all.map((round) => round.map(({ load }) => load)),
    )
    return { name, ...overRounds(all) }
  })
  table([
    ['', 'a second', 'p50 ms', 'p99 ms', 'other answers'],
    ...figures.map(({ name, perSecond, p50Ms, p99Ms, others }) => [
      name,
      perSecond.toFixed(0),
      p50Ms.toFixed(1),
      p99Ms.toFixed(1),
      String(others),
    ]),
  ])
  for (const [name, all] of Object.entries(results)) {
    const last = all.at(-1)?.at(-1)
    if (last) fact(name, 'in the last of its halls')
    if (last) context.limits(name, last.limits, { what: 'hold', count: figuresOf(last.load, 201).count })
  }
  const rates = figures.map(({ perSecond }) => perSecond)
  const spread = Math.max(...rates) / Math.min(...rates)
  context.goal('fastest relative to slowest', `${spread.toFixed(2)}×`, spread <= WITHIN, `≤ ${WITHIN}×`)
  fact(
    'memory of a ticket service, before and after these halls',
    `${before.toFixed(0)} MiB, ${(await memory()).toFixed(0)} MiB`,
  )
  await checkHoldsAreStored(context, bench, held)
  step('sizes completed')
}

const failed = (): never => {
  throw new Error('nothing was measured')
}

/** Returns the median over rounds of each round's sum over its halls. */
function overRounds(rounds: readonly Measured[][]) {
  const each = rounds.map((halls) => {
    const figures = halls.map(({ load }) => figuresOf(load, 201))
    const count = sum(figures.map(({ count }) => count))
    return {
      perSecond: count / sum(figures.map(({ seconds }) => seconds)),
      p50Ms: median(figures.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(figures.map(({ p99Ms }) => p99Ms)),
      others: sum(figures.map(({ failed }) => failed)),
    }
  })
  const medianOf = (key: 'perSecond' | 'p50Ms' | 'p99Ms') => median(each.map((round) => round[key]))
  return {
    perSecond: medianOf('perSecond'),
    p50Ms: medianOf('p50Ms'),
    p99Ms: medianOf('p99Ms'),
    others: sum(each.map(({ others }) => others)),
  }
}
