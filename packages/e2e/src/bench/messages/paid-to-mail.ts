import type { BenchContext } from '../bench.ts'
import { createAccounts, signIn } from '../crowd.ts'
import { evenSchedule } from '../load/schedule.ts'
import { buyOne, createLedgerOfSale } from '../purchases/sale.ts'
import { fact, figuresOf, heading, line, step } from '../report.ts'
import { spreadOf } from '../statistics.ts'
import { publishField } from '../venue.ts'
import { measureLoad, type World } from '../world.ts'

const CROWD = 32
const P99_MS_MAX = 2_000

/**
 * Measures how long a buyer waits for the mail after the payment, at half the rate that the system can sell.
 */
export async function measureMails(context: BenchContext, world: World): Promise<void> {
  const { bench, generator } = world
  const { edge } = bench.system.urls
  const organizer = await bench.person('Olga', { organizer: true })
  const buyers = signIn(bench, 2_000)
  await createAccounts(bench, buyers)
  const ledger = createLedgerOfSale(bench)
  const full = await publishField(organizer)
  step('measuring the rate of purchases after a warm-up')
  const crowd = { kind: 'closed', connections: CROWD, seconds: context.sized(12, 6) } as const
  await generator.run(buyOne(edge, full, buyers), crowd)
  const fastest = await generator.run(buyOne(edge, full, buyers), crowd)
  await ledger.untilComplete(full.eventId, Date.now())
  const rate = Math.max(1, figuresOf(fastest, 201).perSecond / 2)
  const seconds = context.sized(30, 10)
  step(`${rate.toFixed(1)} purchases a second for ${seconds} s`)
  const field = await publishField(organizer)
  const load = { kind: 'open', dueMs: evenSchedule(rate, seconds), connectionsMax: 500 } as const
  const sale = await measureLoad(world, buyOne(edge, field, buyers), load)
  await ledger.untilComplete(field.eventId, Date.now())
  const [paid, mailed] = await Promise.all([
    ledger.pools.payments.query<{ order_id: string; at: Date }>(
      `select order_id, min(at) as at from saga_events where state in ('AWAITING_TICKETS', 'CONFIRMED')
         and order_id in (select order_id from orders where event_id = $1) group by order_id`,
      [field.eventId],
    ),
    ledger.pools.notifications.query<{ order_id: string; at: Date }>(
      `select order_id, sent_at as at from notifications where event_id = $1 and type = 'ORDER_CONFIRMATION'
         and status = 'SENT'`,
      [field.eventId],
    ),
  ])
  await ledger.stop()
  const sentAt = new Map(mailed.rows.map(({ order_id, at }) => [order_id, at.getTime()]))
  const waits = paid.rows.map(({ order_id, at }) => (sentAt.get(order_id) ?? Number.NaN) - at.getTime())
  const spread = spreadOf(waits.filter(Number.isFinite))
  heading(`Paid → mail, at ${rate.toFixed(1)} purchases a second: half the maximum rate`)
  line('purchases', figuresOf(sale.load, 201))
  context.limits('paid to mail', sale.limits, { what: 'purchase', count: figuresOf(sale.load, 201).count })
  context.record('paid to mail', { rate, spread, load: sale.load })
  const value = `p50 ${spread.p50Ms.toFixed(0)} ms, p99 ${spread.p99Ms.toFixed(0)} ms, of ${spread.count}`
  context.goal(
    'from payment until the mail with the tickets is sent',
    value,
    spread.p99Ms < P99_MS_MAX,
    `p99 < ${P99_MS_MAX} ms`,
  )
  const missing = waits.filter((wait) => !Number.isFinite(wait)).length
  context.check('paid orders without a mail', String(missing), missing === 0, 'none')
  fact('answered', `${figuresOf(sale.load, 201).count} × 201 of ${sale.load.requests}`)
}
