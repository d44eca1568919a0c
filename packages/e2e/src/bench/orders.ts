import type { Minor, OrderId } from '@boxoffice/contracts'
import pg from 'pg'
import { publishEvent } from '../events.ts'
import type { Person } from '../person.ts'
import { type BenchSystem, startBenchSystem } from './bench-system.ts'
import { type Act, type Figures, openLoop } from './load.ts'
import { fact, heading, invariantsHold, line, percent, promise, step } from './report.ts'

const GATEWAY_MS = 300
const GATEWAY_PER_SECOND = 20
const QUIET_PER_SECOND = 6
const QUIET_SECONDS = 10
const BURST_SECONDS = 2
const BURST_PER_SECOND = 10 * GATEWAY_PER_SECOND
const GROUPS = 40
const KILLS = 6
const ORDERS_UNDER_KILLS_PER_SECOND = 15

const FASTER_MIN = 0.9
/** Nobody may have more than three holds of an event at a time. */
const BUYERS = 40
const SETTLED_MS_MAX = 240_000

/**
 * Orders through the queue against orders that are waited for, in the same run: the answer when the gateway takes 300 ms, a burst of
 * ten times what the gateway takes, the order of commands, and processes that are killed. Whether all that is promised was kept.
 */
export async function benchOrders(): Promise<boolean> {
  const payments = {
    RESILIENCE: JSON.stringify({ gateway: { ratePerSecond: GATEWAY_PER_SECOND, bulkhead: { concurrent: 20, waitMs: 1_000 } } }),
  }
  const bench = await startBenchSystem({ env: { payments }, instances: { payments: 2 } })
  const database = new pg.Pool({ connectionString: bench.system.databaseUrl('payments'), max: 2 })
  try {
    const world = await createWorld(bench, database)
    const kept = [
      await quiet(world),
      await burst(world),
      await commandsInOrder(world),
      await killedWorkers(world),
      await invariantsHold(bench.observed),
    ]
    return kept.every(Boolean)
  } finally {
    await database.end()
    await bench.stop()
  }
}

type World = Awaited<ReturnType<typeof createWorld>>

async function createWorld(bench: BenchSystem, database: pg.Pool) {
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = await Promise.all(Array.from({ length: BUYERS }, () => bench.person('Frida')))
  const sale = await publishEvent(organizer, { name: 'The Rush', quantity: 500_000, unitPrice: 4_000 as Minor })
  const buyerOf = (turn: number) => buyers[turn % BUYERS] as Person
  /** Places an order; its id as soon as there is an answer. */
  const place = async (turn: number, how: { async: boolean; paymentToken?: string }): Promise<OrderId> => {
    const answer = await buyerOf(turn).buy({ ...sale, quantity: 1 }, { paymentToken: `pm_sandbox_slow_${GATEWAY_MS}`, ...how })
    if (answer.status !== 201 && answer.status !== 202)
      throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer.body.orderId
  }
  return { bench, database, sale, buyerOf, place }
}

async function quiet({ place, database }: World): Promise<boolean> {
  const rate = `${QUIET_PER_SECOND} orders a second`
  step(`${rate} for ${QUIET_SECONDS} s, waited for`)
  const waited = await placeAll(QUIET_PER_SECOND, QUIET_SECONDS, (turn) => place(turn, { async: false }))
  await settle(database, waited.orderIds)
  step(`${rate} for ${QUIET_SECONDS} s, through the queue`)
  const queued = await placeAll(QUIET_PER_SECOND, QUIET_SECONDS, (turn) => place(turn, { async: true }))
  await settle(database, queued.orderIds)

  heading(`The answer, when the gateway takes ${GATEWAY_MS} ms (${rate})`)
  line('waited for (baseline)', waited.figures)
  line('through the queue', queued.figures)
  const faster = (percentile: 'p50Ms' | 'p99Ms') => 1 - queued.figures[percentile] / waited.figures[percentile]
  const kept = faster('p50Ms') >= FASTER_MIN
  promise('p50 less than the baseline', percent(faster('p50Ms')), kept, `at least ${percent(FASTER_MIN)}`)
  fact('p99 less than the baseline', percent(faster('p99Ms')))
  fact('until the order is paid, p50 and p99, waited for', await untilPaid(database, waited.orderIds))
  fact('until the order is paid, p50 and p99, through the queue', await untilPaid(database, queued.orderIds))
  return kept && waited.figures.failed + queued.figures.failed === 0
}

async function burst({ place, database }: World): Promise<boolean> {
  const rate = `${BURST_PER_SECOND} orders a second for ${BURST_SECONDS} s`
  step(`${rate}, through the queue`)
  const startedMs = performance.now()
  const queued = await placeAll(BURST_PER_SECOND, BURST_SECONDS, (turn) =>
    place(turn, { async: true, paymentToken: 'pm_card_visa' }),
  )
  step('waiting until all of them are decided')
  const states = await settle(database, queued.orderIds)
  const seconds = (performance.now() - startedMs) / 1_000
  step(`${rate}, waited for`)
  const waited = await placeAll(BURST_PER_SECOND, BURST_SECONDS, (turn) =>
    place(turn, { async: false, paymentToken: 'pm_card_visa' }),
  )
  await settle(database, waited.orderIds)

  heading(`A burst of ten times what the gateway takes (${GATEWAY_PER_SECOND}/s for each of two processes): ${rate}`)
  line('waited for (baseline)', waited.figures)
  line('through the queue', queued.figures)
  const confirmed = states.get('CONFIRMED') ?? 0
  const all = queued.orderIds.length
  promise('orders that were accepted and are confirmed', `${confirmed} of ${all}`, confirmed === all, 'all')
  fact('decided a second, until the last', (all / seconds).toFixed(1))
  return confirmed === all && queued.figures.failed === 0
}

/** Who places an order, names a holder, then another, and every third time cancels, without waiting in between. */
async function commandsInOrder({ place, buyerOf, database }: World): Promise<boolean> {
  step(`${GROUPS} orders with commands that follow at once`)
  const prefer = { prefer: 'respond-async' }
  const orderIds = await Promise.all(
    Array.from({ length: GROUPS }, async (_, turn) => {
      const orderId = await place(turn, { async: true })
      const { payments } = buyerOf(turn)
      for (const holderName of ['The First', 'The Second']) {
        await payments.updateOrder({ params: { orderId }, body: { holderName }, headers: prefer })
      }
      if (turn % 3 === 0) await payments.cancelOrder({ params: { orderId }, headers: prefer })
      return orderId
    }),
  )
  await settle(database, orderIds)
  const { rows } = await database.query<{ names: string[] }>(
    `select array_agg(input->>'holderName' order by seq) as names from saga_events
     where order_id = any($1) and input->>'type' = 'HOLDER_NAMED' group by order_id`,
    [orderIds],
  )
  const turned = rows.filter(
    ({ names }) => names.includes('The First') && names.indexOf('The First') > names.indexOf('The Second'),
  )
  heading(`${GROUPS} orders, each with two names and every third cancelled, all through the queue`)
  promise('orders whose commands were carried out in another order', String(turned.length), turned.length === 0, 'none')
  fact(
    'names that came in time',
    rows.reduce((sum, { names }) => sum + names.length, 0),
  )
  return turned.length === 0
}

async function killedWorkers({ bench, sale, buyerOf, database }: World): Promise<boolean> {
  step(`${KILLS} times a payment process is killed while orders come`)
  const seconds = KILLS * 2
  const killing = (async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const process = bench.system.service('payments', kill % 2)
      await process.waitReady()
      process.kill('SIGKILL')
    }
  })()
  const placed = await placeAll(ORDERS_UNDER_KILLS_PER_SECOND, seconds, (turn) =>
    buyerOf(turn).buyInsistently({ ...sale, quantity: 1 }, `pm_sandbox_slow_${GATEWAY_MS}`, { async: true }),
  )
  await killing
  const states = await settle(database, placed.orderIds)
  const { totals } = await bench.observed.ledger()
  const charged = new Map(totals.map(({ orderId, successfulCharges }) => [orderId as string, successfulCharges]))
  const counts = placed.orderIds.map((orderId) => charged.get(orderId) ?? 0)
  heading(`${KILLS} kills of two payment processes in turns, while ${ORDERS_UNDER_KILLS_PER_SECOND} orders a second come`)
  const confirmed = states.get('CONFIRMED') ?? 0
  const lost = placed.orderIds.length - confirmed
  const doubled = counts.filter((count) => count > 1).length
  promise('orders that were accepted and are lost', String(lost), lost === 0, 'none')
  promise('orders that were charged twice', String(doubled), doubled === 0, 'none')
  fact('accepted and confirmed', `${confirmed} of ${placed.orderIds.length}`)
  return lost + doubled + placed.figures.failed === 0
}

async function placeAll(
  perSecond: number,
  seconds: number,
  place: (turn: number) => Promise<OrderId>,
): Promise<{ figures: Figures; orderIds: OrderId[] }> {
  const orderIds: OrderId[] = []
  const act: Act = async (turn) => orderIds.push(await place(turn))
  const figures = await openLoop(perSecond, seconds, act)
  return { figures, orderIds }
}

/** Waits until nothing is left to do for any of these orders; how many there are of each status. */
async function settle(database: pg.Pool, orderIds: readonly OrderId[]): Promise<ReadonlyMap<string, number>> {
  const limitMs = performance.now() + SETTLED_MS_MAX
  for (;;) {
    const { rows } = await database.query<{ status: string; orders: number; unsettled: number }>(
      `select o.status, count(*)::int as orders,
         count(*) filter (where s.state not in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED'))::int as unsettled
       from orders o join sagas s using (order_id) where o.order_id = any($1) group by o.status`,
      [orderIds],
    )
    const unsettled = rows.reduce((sum, row) => sum + row.unsettled, 0)
    if (unsettled === 0) return new Map(rows.map(({ status, orders }) => [status, orders]))
    if (performance.now() > limitMs) throw new Error(`${unsettled} orders are not decided after ${SETTLED_MS_MAX / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function untilPaid(database: pg.Pool, orderIds: readonly OrderId[]): Promise<string> {
  const { rows } = await database.query<{ p50: number; p99: number }>(
    `select percentile_cont(0.5) within group (order by ms)::float8 as p50, percentile_cont(0.99) within group (order by ms)::float8 as p99
     from (select extract(epoch from completed_at - created_at) * 1000 as ms from orders where order_id = any($1)) paid`,
    [orderIds],
  )
  const [{ p50, p99 }] = rows as [{ p50: number; p99: number }]
  return `${p50.toFixed(0)} ms and ${p99.toFixed(0)} ms`
}
