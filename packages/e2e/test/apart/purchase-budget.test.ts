import { writeSync } from 'node:fs'
import { type ServiceKey, serviceKeys, services } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Budget, budgetTable, readSpent, type Spent, units } from '../../src/budget.ts'
import { publishEvent } from '../../src/events.ts'
import { expectStatus, type Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

/**
 * The budget of one purchase: one unseated ticket, paid at once, ticketed, mailed and projected. Counts
 * operations, not time. docs/purchase-budget.md explains each transaction.
 */
const budget: Budget = {
  auth: { transactions: 1, statements: 1, requests: 1, published: 0, consumed: 0, spans: 2 },
  events: { transactions: 2, statements: 2, requests: 2, published: 0, consumed: 0, spans: 4 },
  tickets: { transactions: 9, statements: 34, requests: 3, published: 1, consumed: 2, spans: 28 },
  payments: { transactions: 7, statements: 28, requests: 3, published: 2, consumed: 1, spans: 18 },
  notifications: { transactions: 6, statements: 16, requests: 0, published: 1, consumed: 2, spans: 25 },
  analytics: { transactions: 2, statements: 23, requests: 0, published: 0, consumed: 2, spans: 29 },
}
/** The minimum of each figure over these purchases counts, which excludes periodic work. */
const PURCHASES = 4
/** Each service exports its spans once a second. */
const QUIET_MS = 1_500

let running: TestSystem
let databases: Record<'auth' | 'tickets' | 'payments' | 'notifications' | 'analytics', pg.Client>
beforeAll(async () => {
  running = await useTestSystem('counted')
  const connect = async (service: ServiceKey) => {
    const client = new pg.Client(running.system.databaseUrl(service))
    await client.connect()
    return client
  }
  databases = {
    auth: await connect('auth'),
    tickets: await connect('tickets'),
    payments: await connect('payments'),
    notifications: await connect('notifications'),
    analytics: await connect('analytics'),
  }
})
afterAll(async () => {
  for (const database of Object.values(databases ?? {})) await database.end()
  running?.expectDocumented()
})

/**
 * Waits until every consequence of an order is stored; reads the databases, because services count their
 * requests.
 */
const untilComplete = (orderId: string) =>
  until(async () => {
    const one = async (database: pg.Client, sql: string) => (await database.query(sql, [orderId])).rowCount
    expect(
      await one(databases.payments, "select from orders where order_id = $1 and status = 'CONFIRMED'"),
    ).toBe(1)
    const webhook = `select from webhook_events where processed_at is not null
      and body->'data'->'object'->'metadata'->>'orderId' = $1`
    expect(await one(databases.payments, webhook)).toBe(1)
    expect(
      await one(databases.tickets, 'select from tickets where order_id = $1 and delivered_at is not null'),
    ).toBe(1)
    expect(
      await one(databases.notifications, "select from notifications where order_id = $1 and status = 'SENT'"),
    ).toBe(1)
    expect(
      await one(databases.analytics, 'select from tickets where order_id = $1 and issued_at is not null'),
    ).toBe(1)
    expect(
      await one(databases.analytics, 'select from payments where order_id = $1 and completed_at is not null'),
    ).toBe(1)
    for (const service of ['payments', 'tickets', 'notifications'] as const) await expectPublished(service)
  })

const expectPublished = async (service: keyof typeof databases) =>
  expect((await databases[service].query('select from outbox where published_at is null')).rowCount).toBe(0)

const spentOfAll = async () =>
  new Map(
    await Promise.all(
      serviceKeys.map(async (key) => [key, await readSpent(running.system.urls[key])] as const),
    ),
  )

/** Returns what each service spends during `work`, minus the cost of reading it. */
async function spentOn(work: () => Promise<void>): Promise<Map<ServiceKey, Omit<Spent, 'spans'>>> {
  const [first, before] = [await spentOfAll(), await spentOfAll()]
  await work()
  const after = await spentOfAll()
  return new Map(
    serviceKeys.map((key) => {
      const of = (unit: Exclude<keyof Spent, 'spans'>) => {
        const [a, b, c] = [first.get(key), before.get(key), after.get(key)].map(
          (spent) => spent?.[unit] ?? 0,
        ) as [number, number, number]
        return c - b - (b - a)
      }
      return [
        key,
        {
          transactions: of('transactions'),
          statements: of('statements'),
          requests: of('requests'),
          published: of('published'),
          consumed: of('consumed'),
        },
      ]
    }),
  )
}

/** Returns the number of spans per service in the trace of the latest purchase, once all have arrived. */
async function spansOfLatest(traceIds: Set<string>): Promise<Map<ServiceKey, number>> {
  const read = async <T>(path: string) =>
    (await (await fetch(`${running.system.urls.traces}${path}`)).json()) as T
  const { traces } = await read<{ traces: { traceId: string; root: string }[] }>('/api/traces')
  const latest = traces.find(
    ({ root, traceId }) => root === 'POST /api/payments/orders' && !traceIds.has(traceId),
  )
  if (!latest) throw new Error('the purchase has no trace')
  traceIds.add(latest.traceId)
  let [known, sinceMs] = [0, performance.now()]
  const all = await until(async () => {
    const { spans } = await read<{ spans: { service: string }[] }>(`/api/traces/${latest.traceId}`)
    if (spans.length !== known) [known, sinceMs] = [spans.length, performance.now()]
    if (performance.now() - sinceMs < QUIET_MS) throw new Error(`${known} spans, and more are arriving`)
    return spans
  })
  const spans = Map.groupBy(all, ({ service }) => service)
  return new Map(serviceKeys.map((key) => [key, spans.get(services[key].name)?.length ?? 0]))
}

test('a purchase stays within its budget', async () => {
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const sale = await publishEvent(organizer, { name: 'Counted', quantity: 100, unitPrice: 5_000 })
  const buy = async (buyer: Person) => {
    const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
    await untilComplete(orderId)
  }
  // The first purchase warms caches and prepared statements.
  await buy(await running.person({ firstName: 'Ewa', lastName: 'Erste' }))

  const least = new Map<ServiceKey, Spent>()
  const traceIds = new Set<string>()
  for (let purchase = 0; purchase < PURCHASES; purchase++) {
    const buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' })
    await running.mails.waitFor(buyer.email, /./)
    await until(() => expectPublished('auth')) // excludes the buyer's registration
    const spent = await spentOn(() => buy(buyer))
    const spans = await spansOfLatest(traceIds)
    for (const key of serviceKeys) {
      const now: Spent = { ...(spent.get(key) as Omit<Spent, 'spans'>), spans: spans.get(key) ?? 0 }
      const known = least.get(key)
      for (const unit of known ? units : []) now[unit] = Math.min(now[unit], known?.[unit] ?? now[unit])
      least.set(key, now)
    }
  }
  const counted: Budget = Object.fromEntries(least)
  const table = budgetTable(counted, budget)
  // Bypasses the reporter, which prints output of failed files only.
  writeSync(2, `${table}\n`)
  const over = serviceKeys.flatMap((key) =>
    units
      .filter((unit) => (counted[key]?.[unit] ?? 0) > (budget[key]?.[unit] ?? 0))
      .map((unit) => `${unit} of ${key}`),
  )
  expect(over, table).toEqual([])
})
