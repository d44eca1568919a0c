import path from 'node:path'
import { ensureDatabase } from '@boxoffice/service-kit'
import { claimPort } from '@boxoffice/testing'
import { type ChildServer, startChildServer } from '../baseline/child-server.ts'
import { installForComparison } from '../baseline/npm-cache.ts'
import { runProgram } from '../baseline/run-program.ts'
import { type Bench, type BenchContext, interleave } from '../bench.ts'
import { createAccounts, signIn } from '../crowd.ts'
import { type Limits, observe } from '../measure/limits.ts'
import { buyOne, createLedgerOfSale, openGateway } from '../purchases/sale.ts'
import { fact, figuresOf, heading, line, step, times } from '../report.ts'
import { median, type Spread, sum } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { measureLoad, type World, withWorld } from '../world.ts'

const VENDURE = { '@vendure/core': '3.7.3', pg: '8.23.1' }
const CROWD = 32
const OURS = 'this system, with tickets and mails'

interface Sold {
  perSecond: number
  spread: Pick<Spread, 'count' | 'p50Ms' | 'p99Ms'>
  failed: number
  limits: Limits
}

/**
 * Measures orders of one hot item, paid and durable, next to Vendure with its own test payment handler on
 * the same PostgreSQL.
 */
export const shop: Bench = {
  title:
    'orders a second of one hot item next to Vendure with its test payment handler, on the same PostgreSQL',
  run: (context) => withWorld(context, openGateway, (world) => measureShop(context, world)),
}

async function startVendure({ bench }: World): Promise<ChildServer> {
  const folder = await installForComparison('vendure', VENDURE)
  const url = new URL(bench.system.databaseUrl('tickets'))
  url.pathname = '/bench_vendure'
  await ensureDatabase(url.href)
  step("preparing Vendure's tables and product")
  const input = JSON.stringify({ folder, databaseUrl: url.href, port: await claimPort() })
  return startChildServer(path.join(import.meta.dirname, 'vendure-process.ts'), [input], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function measureShop(context: BenchContext, world: World): Promise<void> {
  const { bench } = world
  const [seconds, rounds] = [context.sized(15, 8), context.sized(5, 2)]
  const vendure = await startVendure(world)
  const ledger = createLedgerOfSale(bench)
  try {
    const organizer = await bench.person('Olga', { organizer: true })
    const buyers = signIn(bench, 2_000)
    await createAccounts(bench, buyers)
    await buyFromVendure(world, vendure, 4, 2)
    const lost: number[] = []
    const results = await interleave(rounds, {
      Vendure: () => buyFromVendure(world, vendure, CROWD, seconds),
      [OURS]: async (): Promise<Sold> => {
        const field = await publishField(organizer)
        const load = { kind: 'closed', connections: CROWD, seconds } as const
        const measured = await measureLoad(world, buyOne(bench.system.urls.edge, field, buyers), load)
        const { tickets, mails, completedSeconds } = await ledger.untilComplete(field.eventId, Date.now())
        const figures = figuresOf(measured.load, 201)
        lost.push(Math.max(0, figures.count - Math.min(tickets, mails)))
        // A sale counts from its first order until the last mail is sent, if that takes longer than the
        // orders.
        const until = figures.seconds + completedSeconds
        context.record('with mails', { perSecond: figures.count / until, completedSeconds })
        return {
          perSecond: figures.perSecond,
          spread: figures,
          failed: figures.failed,
          limits: measured.limits,
        }
      },
    })
    report(context, results, `${CROWD} at once, ${rounds} rounds of ${seconds} s`)
    context.check(
      'orders of this system without a ticket or mail',
      String(sum(lost)),
      sum(lost) === 0,
      'none',
    )
  } finally {
    await Promise.all([ledger.stop(), vendure.stop()])
  }
  await context.invariants(bench.observed)
}

async function buyFromVendure(
  { bench }: World,
  vendure: ChildServer,
  crowd: number,
  seconds: number,
): Promise<Sold> {
  const program = path.join(import.meta.dirname, 'vendure-load-process.ts')
  const running = runProgram<{ seconds: number; spread: Spread; failed: number; firstProblem?: string }>(
    program,
    {
      ...{ url: vendure.url, crowd, seconds },
    },
  )
  try {
    const what = await bench.observable()
    const pids = { ...what.pids, Vendure: vendure.pid, 'load generator': running.pid }
    const { result, limits } = await observe({ ...what, pids }, () => running.result)
    if (result.spread.count === 0) throw new Error(`Vendure sold nothing: ${result.firstProblem}`)
    return {
      perSecond: result.spread.count / result.seconds,
      spread: result.spread,
      failed: result.failed,
      limits,
    }
  } finally {
    await running.stop()
  }
}

function report(context: BenchContext, results: Record<string, Sold[]>, how: string): void {
  heading(`Orders of one hot item: ${how}; Vendure ${VENDURE['@vendure/core']}, one process, guests`)
  for (const [name, all] of Object.entries(results)) {
    context.record(name, all)
    for (const { perSecond, spread, failed } of all)
      line(name, { ...spread, failed, perSecond, seconds: spread.count / perSecond })
    const last = all.at(-1)
    if (last) context.limits(name, last.limits, { what: 'order', count: last.spread.count })
  }
  const rateOf = (name: string) => median((results[name] ?? []).map(({ perSecond }) => perSecond))
  const [ours, theirs] = [rateOf(OURS), rateOf('Vendure')]
  context.goal(
    `${OURS}, relative to Vendure`,
    `${ours.toFixed(1)}/s, ${times(ours, theirs)}`,
    ours > theirs,
    '> 1.00×',
  )
  fact('Vendure needs at least two requests per order here; it sends no mail and issues no ticket', '')
}
