import type { Minor, OrderId } from '@boxoffice/contracts'
import pg from 'pg'
import { publishEvent } from '../../events.ts'
import type { Person } from '../../person.ts'
import { type BenchSystem, startBenchSystem } from '../bench-system.ts'
import { closedLoop, type Figures, openLoop } from '../load/loops.ts'
import { step } from '../report.ts'

export const GATEWAY_MS = 300
export const SLOW = `pm_sandbox_slow_${GATEWAY_MS}`
export const PROCESSES = 2
/**
 * Capacity of the gateway for both processes together, below what this machine can sell, so that the gateway
 * is the bottleneck.
 */
export const GATEWAY_PER_SECOND = 10
/** A user may have at most three holds of an event at a time. */
const BUYERS = 200
const SETTLED_MS_MAX = 240_000

/** Starts a system with two payment processes, a slow gateway, buyers and an event on sale. */
export async function createWorld() {
  const gateway = {
    ratePerSecond: GATEWAY_PER_SECOND / PROCESSES,
    bulkhead: { concurrent: 20, waitMs: 1_000 },
  }
  const env = { payments: { RESILIENCE: JSON.stringify({ gateway }) } }
  const bench = await startBenchSystem({ env, instances: { payments: PROCESSES } })
  const database = new pg.Pool({ connectionString: bench.system.databaseUrl('payments'), max: 2 })
  const stop = async () => {
    await database.end()
    await bench.stop()
  }
  try {
    return { ...(await createCrowd(bench)), bench, database, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
export type World = Awaited<ReturnType<typeof createWorld>>

async function createCrowd(bench: BenchSystem) {
  const organizer = await bench.person('Olga', { organizer: true })
  step(`${BUYERS} buyers register`)
  const buyers: Person[] = []
  await closedLoop(4, { actions: BUYERS }, async () => buyers.push(await bench.person('Frida')))
  const sale = await publishEvent(organizer, {
    name: 'The Rush',
    quantity: 500_000,
    unitPrice: 4_000 as Minor,
  })
  const buyerOf = (index: number) => buyers[index % buyers.length] as Person
  return {
    sale,
    buyerOf,
    /** Places an order; returns its id as soon as there is a response. */
    async place(index: number, how: { async: boolean; paymentToken?: string }): Promise<OrderId> {
      const answer = await buyerOf(index).buy({ ...sale, quantity: 1 }, { paymentToken: SLOW, ...how })
      if (answer.status === 201 || answer.status === 202) return answer.body.orderId
      throw new Error(`unexpected response ${answer.status}: ${JSON.stringify(answer.body)}`)
    },
  }
}

/** Places orders at a fixed rate, whether or not the earlier ones are answered. */
export async function placeAll(
  perSecond: number,
  seconds: number,
  place: (index: number) => Promise<OrderId>,
): Promise<{ figures: Figures; orderIds: OrderId[] }> {
  const orderIds: OrderId[] = []
  const figures = await openLoop(perSecond, seconds, async (index) => orderIds.push(await place(index)))
  return { figures, orderIds }
}

/** Waits until all of these orders are complete; returns their number by status. */
export async function untilComplete(
  database: pg.Pool,
  orderIds: readonly OrderId[],
): Promise<ReadonlyMap<string, number>> {
  const limitMs = performance.now() + SETTLED_MS_MAX
  for (;;) {
    const { rows } = await database.query<{ status: string; orders: number; incomplete: number }>(
      `select o.status, count(*)::int as orders,
         count(*) filter (
           where s.state not in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED'))::int as incomplete
       from orders o join sagas s using (order_id) where o.order_id = any($1) group by o.status`,
      [orderIds],
    )
    const incomplete = rows.reduce((sum, row) => sum + row.incomplete, 0)
    if (incomplete === 0) return new Map(rows.map(({ status, orders }) => [status, orders]))
    if (performance.now() > limitMs)
      throw new Error(`${incomplete} orders are incomplete after ${SETTLED_MS_MAX / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Returns how long orders took from placement to payment. */
export async function untilPaid(database: pg.Pool, orderIds: readonly OrderId[]): Promise<string> {
  const { rows } = await database.query<{ p50: number; p99: number }>(
    `select percentile_cont(0.5) within group (order by ms)::float8 as p50,
       percentile_cont(0.99) within group (order by ms)::float8 as p99
     from (select extract(epoch from completed_at - created_at) * 1000 as ms from orders
       where order_id = any($1)) paid`,
    [orderIds],
  )
  const [{ p50, p99 }] = rows as [{ p50: number; p99: number }]
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`
}
