import type { Bench, BenchContext } from '../bench.ts'
import { createAccounts, signIn } from '../crowd.ts'
import { holdOne } from '../holds/hold-templates.ts'
import { BUYERS, checkHoldsAreStored } from '../holds/holds.ts'
import { EMF_ARRIVALS, scheduleOf } from '../load/schedule.ts'
import { buyOne, createLedgerOfSale, openGateway } from '../purchases/sale.ts'
import { fact, figuresOf, heading, step, table } from '../report.ts'
import { median, sum } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { type Measured, measureLoad, type World, withWorld } from '../world.ts'

const FACTORS = [1, 5, 10]
const CONNECTIONS_MAX = 2_000

/**
 * Replays the arrivals of a real on-sale's first seconds, and five and ten times as many. An open load:
 * latency counts from the scheduled arrival.
 */
export const curve: Bench = {
  title: "EMF's arrivals × 1, 5, 10 as holds and × 1 as purchases, latency from the scheduled start",
  run: (context) => withWorld(context, openGateway, (world) => measureCurve(context, world)),
}

interface Row {
  name: string
  rounds: Measured[]
}

async function measureCurve(context: BenchContext, world: World): Promise<void> {
  const { bench } = world
  const { urls } = bench.system
  const rounds = context.sized(3, 1)
  const arrivals = context.sized(EMF_ARRIVALS, EMF_ARRIVALS.slice(2, 9))
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, BUYERS)
  await createAccounts(bench, buyers)
  const held: { eventId: string; answered: number }[] = []
  const rows: Row[] = FACTORS.map((factor) => ({ name: `holds × ${factor}`, rounds: [] }))
  const sale: Row = { name: 'purchases × 1', rounds: [] }
  const ledger = createLedgerOfSale(bench)
  const incomplete: string[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const [index, factor] of FACTORS.entries()) {
      step(`round ${round} of ${rounds}: holds × ${factor}`)
      const field = await publishField(organizer)
      const load = {
        kind: 'open',
        dueMs: scheduleOf(arrivals, factor),
        connectionsMax: CONNECTIONS_MAX,
      } as const
      const measured = await measureLoad(world, holdOne(urls.edge, field, buyers), load)
      rows[index]?.rounds.push(measured)
      held.push({ eventId: field.eventId, answered: figuresOf(measured.load, 201).count })
    }
    step(`round ${round} of ${rounds}: purchases × 1`)
    const field = await publishField(organizer)
    const load = { kind: 'open', dueMs: scheduleOf(arrivals), connectionsMax: CONNECTIONS_MAX } as const
    const measured = await measureLoad(world, buyOne(urls.edge, field, buyers), load)
    sale.rounds.push(measured)
    step('waiting for the last mail')
    const settled = await ledger.untilComplete(field.eventId, Date.now(), 300_000)
    const sold = figuresOf(measured.load, 201).count
    const complete = Math.min(settled.orders.CONFIRMED ?? 0, settled.tickets, settled.mails)
    context.record('settled', settled)
    if (complete < sold || !Number.isFinite(settled.completedSeconds))
      incomplete.push(`${sold} sold, ${JSON.stringify(settled)}`)
    else
      fact(
        'seconds from the last response until all orders are complete',
        `${settled.completedSeconds.toFixed(1)} s`,
      )
  }
  await ledger.stop()
  report(context, [...rows, sale], `${sum(arrivals)} people in ${arrivals.length} s, ${rounds} rounds`)
  await checkHoldsAreStored(context, bench, held)
  context.check(
    'purchases without an order, ticket or mail',
    incomplete.join('; ') || 'none',
    incomplete.length === 0,
    'none',
  )
  await context.invariants(bench.observed)
}

function report(context: BenchContext, rows: readonly Row[], how: string): void {
  heading(
    `An on-sale with EMF's arrivals: ${how}, ${context.instances} of each service; medians of the rounds`,
  )
  fact('limits lifted', JSON.stringify(openGateway))
  table([
    ['', 'came', 'served', 'p50 ms', 'p99 ms', 'max ms', 'refused or failed'],
    ...rows.map(({ name, rounds }) => {
      const figures = rounds.map(({ load }) => figuresOf(load, 201))
      for (const { load } of rounds) context.record(name, load)
      const of = (values: readonly number[], digits = 0) => median(values).toFixed(digits)
      return [
        name,
        of(rounds.map(({ load }) => load.requests)),
        of(figures.map(({ count }) => count)),
        of(figures.map(({ p50Ms }) => p50Ms)),
        of(figures.map(({ p99Ms }) => p99Ms)),
        of(rounds.map(({ load }) => load.answers['201']?.maxMs ?? Number.NaN)),
        rounds.map(({ load }) => otherCounts(load)).join(' | '),
      ]
    }),
  ])
  for (const { name, rounds } of rows) {
    const last = rounds.at(-1)
    fact(name, 'the last round')
    if (last) context.limits(name, last.limits, { what: 'request', count: last.load.requests })
  }
}

function otherCounts({ answers, errors }: Measured['load']): string {
  const others = Object.entries({
    ...Object.fromEntries(Object.entries(answers).map(([code, { count }]) => [code, count])),
    ...errors,
  })
  return (
    others
      .filter(([code]) => code !== '201')
      .map(([code, count]) => `${count} × ${code}`)
      .join(', ') || '0'
  )
}
