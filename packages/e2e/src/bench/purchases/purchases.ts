import { randomUUID } from 'node:crypto'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { createAccounts, signIn } from '../crowd.ts'
import { holdBare } from '../holds/hold-templates.ts'
import { CONNECTIONS } from '../holds/holds.ts'
import { cpuBetween, readCpuTimes } from '../measure/processes.ts'
import { fact, figuresOf, heading, step } from '../report.ts'
import { median, sum } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { type Measured, measureLoad, showRounds, type World, withWorld } from '../world.ts'
import { buyOne, createLedgerOfSale, type LedgerOfSale, openGateway, type SaleOutcome } from './sale.ts'

const CROWD = 32
const BUYERS = 3_000
const CPU_MS_MAX = 33
const COMPLETED_SECONDS_MAX = 5
const BARE = '(b) bare Fastify + Redis + one INSERT'

interface Sale extends Measured {
  settled: SaleOutcome
  /** CPU milliseconds of the purchases by process, mails included. */
  cpu: Readonly<Record<string, number>>
  transactions: Readonly<Record<string, number>>
}

/**
 * Measures purchases of one hot event through the edge: paid, ticketed and mailed, with all services running
 * and a gateway that responds at once.
 */
export const purchases: Bench = {
  title:
    'purchases a second, paid, ticketed and mailed; CPU each by process; ' +
    'next to bare Fastify + Redis + one INSERT',
  important: true,
  run: (context) => withWorld(context, openGateway, (world) => measurePurchases(context, world)),
}

async function measurePurchases(context: BenchContext, world: World): Promise<void> {
  const { bench, bare } = world
  const [seconds, rounds] = [context.sized(15, 6), context.sized(5, 2)]
  const organizer = await bench.person('Olga', { organizer: true })
  step(`creating ${BUYERS} buyers' accounts`)
  const buyers = signIn(bench, BUYERS)
  await createAccounts(bench, buyers)
  const ledger = createLedgerOfSale(bench)
  const seatNames = Array.from({ length: 1_000_000 }, (_, index) => `s${index}`)
  const field = await publishField(organizer)
  step('warming up')
  await world.generator.run(buyOne(bench.system.urls.edge, field, buyers), {
    kind: 'closed',
    connections: 4,
    requests: 20,
  })
  await ledger.untilComplete(field.eventId, Date.now())
  const bareRounds: Measured[] = []
  const sales: Sale[] = []
  try {
    await interleave<string, void>(rounds, {
      [BARE]: async () => {
        const template = holdBare(`${bare.url}/redis-and-insert`, randomUUID(), seatNames)
        bareRounds.push(
          await measureLoad(world, template, {
            kind: 'closed',
            connections: CONNECTIONS,
            seconds: Math.min(seconds, 5),
          }),
        )
      },
      purchases: async () =>
        void sales.push(await sell(world, ledger, await publishField(organizer), buyers, seconds)),
    })
  } finally {
    await ledger.stop()
  }
  report(context, bareRounds, sales, `${CROWD} at once, ${rounds} rounds of ${seconds} s`)
  await context.invariants(bench.observed)
}

async function sell(
  world: World,
  ledger: LedgerOfSale,
  field: Awaited<ReturnType<typeof publishField>>,
  buyers: ReturnType<typeof signIn>,
  seconds: number,
): Promise<Sale> {
  const { pids } = await world.bench.observable()
  const [cpuBefore, transactionsBefore] = [await readCpuTimes(pids), await ledger.transactions()]
  const template = buyOne(world.bench.system.urls.edge, field, buyers)
  const measured = await measureLoad(world, template, { kind: 'closed', connections: CROWD, seconds })
  step('waiting for the last mail')
  const settled = await ledger.untilComplete(field.eventId, Date.now())
  const cpu = cpuBetween(cpuBefore, await readCpuTimes(pids))
  return {
    ...measured,
    settled,
    cpu,
    transactions: cpuBetween(transactionsBefore, await ledger.transactions()),
  }
}

function report(
  context: BenchContext,
  bareRounds: readonly Measured[],
  sales: readonly Sale[],
  how: string,
): void {
  heading(`Purchases through the edge, one hot event: ${how}, ${context.instances} of each service`)
  fact('limits lifted', JSON.stringify(openGateway))
  showRounds(context, BARE, bareRounds, { status: 201, what: 'request' })
  showRounds(context, 'purchases during the sale', sales, { status: 201, what: 'purchase' })
  for (const { settled, cpu, transactions } of sales)
    context.record('settled', { settled, cpu, transactions })
  const sold = ({ load }: Sale) => figuresOf(load, 201).count
  const last = sales.at(-1)
  if (last) {
    const each = (values: Readonly<Record<string, number>>, digits: number) =>
      Object.entries(values)
        .map(([name, value]) => [name, value / sold(last)] as const)
        .filter(([, value]) => value >= 0.05)
        .sort(([, a], [, b]) => b - a)
        .map(([name, value]) => `${name} ${value.toFixed(digits)}`)
        .join(', ')
    fact('ms of CPU per purchase with its mail, by process', each(last.cpu, 1))
    fact('transactions per purchase, by database (single reads count too)', each(last.transactions, 1))
    fact(
      'responses, tickets, mails of the last round',
      `${JSON.stringify(last.settled.orders)}, ${last.settled.tickets}, ${last.settled.mails}`,
    )
  }
  const rate = median(sales.map(({ load }) => figuresOf(load, 201).perSecond))
  const bare = median(bareRounds.map(({ load }) => figuresOf(load, 201).perSecond))
  context.goal(
    'purchases a second',
    `${rate.toFixed(1)}, 1/${(bare / rate).toFixed(0)} of (b)`,
    rate >= bare / 30,
    '≥ 1/30 of (b)',
  )
  const cpuEach = median(sales.map((sale) => sum(Object.values(sale.cpu)) / sold(sale)))
  context.goal(
    'CPU of a purchase, all processes except the load',
    `${cpuEach.toFixed(1)} ms`,
    cpuEach <= CPU_MS_MAX,
    `≤ ${CPU_MS_MAX} ms`,
  )
  const settled = median(sales.map((sale) => sale.settled.completedSeconds))
  const value =
    `${settled.toFixed(1)} s (the last mail ` +
    `${median(sales.map((sale) => sale.settled.lastMailSeconds)).toFixed(1)} s)`
  context.goal(
    'time from the last response until all orders are complete',
    value,
    settled <= COMPLETED_SECONDS_MAX,
    `≤ ${COMPLETED_SECONDS_MAX} s`,
  )
  const lost = sum(
    sales.map((sale) =>
      Math.max(
        0,
        sold(sale) - Math.min(sale.settled.orders.CONFIRMED ?? 0, sale.settled.tickets, sale.settled.mails),
      ),
    ),
  )
  context.check(
    'purchases without an order, ticket or mail',
    `${lost} of ${sum(sales.map(sold))}`,
    lost === 0,
    'none',
  )
}
