import {
  type Message,
  type MessageDefinition,
  type TicketId,
  ticketCancelled,
  type ticketsGenerated,
} from '@boxoffice/contracts'
import { openTestDatabase } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { nothingTouched, project } from '../src/projection/project.ts'
import { createDice, createPublisher, idOf, makeHistory } from './history.ts'
import { recount } from './recount.ts'

let opened: Awaited<ReturnType<typeof openTestDatabase>>
let pool: typeof opened.pool
let db: typeof opened.db
let generations = 100
beforeAll(async () => {
  opened = await openTestDatabase(inject('postgresUrl'), 'services/analytics/prisma/migrations')
  ;({ pool, db } = opened)
})
afterAll(() => opened.close())

const tables = [
  'events',
  'ticket_types',
  'reservations',
  'orders',
  'tickets',
  'refunds',
  'payments',
  'sales_hours',
  'refund_hours',
  'payment_totals',
  'event_totals',
]

/** Everything that a generation of its own holds when these batches were written one after the other. */
async function tablesOf(batches: readonly (readonly Message<MessageDefinition>[])[]) {
  const generation = generations++
  for (const batch of batches) await db.transact((tx) => project(tx, [generation], batch, nothingTouched()))
  return readTables(generation)
}

async function readTables(generation: number) {
  const read: Record<string, unknown[]> = {}
  for (const table of tables) {
    const { rows } = await pool.query(
      `select * from ${table} t where generation = $1 order by to_jsonb(t)::text`,
      [generation],
    )
    read[table] = rows.map(({ generation: _, ...row }) => row).filter(isSomething)
  }
  return read
}
/** A counter that went up and down again stays as a row of zeros. */
const isSomething = (row: object) =>
  !('hour' in row) || Object.values(row).some((value) => typeof value === 'number' && value !== 0)

/** Messages in pages of 30. */
const paged = (messages: readonly Message<MessageDefinition>[]) =>
  Array.from({ length: Math.ceil(messages.length / 30) }, (_, page) =>
    messages.slice(page * 30, page * 30 + 30),
  )
const oneByOne = (messages: readonly Message<MessageDefinition>[]) => messages.map((message) => [message])

test('the counters equal what a plain recount of the history says', async () => {
  const history = makeHistory(1, 40)
  const { sales_hours, refund_hours, payment_totals, event_totals } = await tablesOf(oneByOne(history))
  const expected = recount(history)
  expect(sales_hours).toEqual(expect.arrayContaining(expected.sales))
  expect(sales_hours).toHaveLength(expected.sales.length)
  expect(refund_hours).toEqual(expect.arrayContaining(expected.refunds))
  expect(refund_hours).toHaveLength(expected.refunds.length)
  expect(payment_totals).toEqual(expect.arrayContaining(expected.payments))
  expect(payment_totals).toHaveLength(expected.payments.length)
  expect(event_totals).toMatchObject(
    event_totals?.map((row) => expected.totals.get((row as { event_id: string }).event_id)) ?? [],
  )
  expect(event_totals).toHaveLength(3)
})

test.each([2, 3, 4, 5, 6])(
  'history %i gives the same tables shuffled, published twice, and in pages',
  async (seed) => {
    const dice = createDice(seed)
    const history = makeHistory(seed, 25)
    const inOrder = await tablesOf(oneByOne(history))
    expect(Object.values(inOrder).every((rows) => rows.length > 0)).toBe(true)
    expect(await tablesOf(oneByOne(dice.shuffled(history)))).toEqual(inOrder)
    const twice = [...history, ...history.filter(() => dice.chance(0.4))]
    expect(await tablesOf(oneByOne(dice.shuffled(twice)))).toEqual(inOrder)
    expect(await tablesOf(paged(dice.shuffled(twice)))).toEqual(inOrder)
  },
)

test('ten at once over the same orders give the same tables as one after the other', async () => {
  const dice = createDice(11)
  const history = makeHistory(11, 15)
  const inOrder = await tablesOf(oneByOne(history))
  const generation = generations++
  const waiting = dice.shuffled([...history, ...history])
  const worker = async () => {
    for (let message = waiting.pop(); message; message = waiting.pop()) {
      const batch = [message]
      await db.transact((tx) => project(tx, [generation], batch, nothingTouched()))
    }
  }
  await Promise.all(Array.from({ length: 10 }, worker))
  expect(await readTables(generation)).toEqual(inOrder)
})

test('a rebuild beside consumers that write both generations gives the same tables in both', async () => {
  const dice = createDice(12)
  const history = makeHistory(12, 40)
  const inOrder = await tablesOf(oneByOne(history))
  const [served, building] = [generations++, generations++]
  const take = async (waiting: Message<MessageDefinition>[][], into: readonly number[]) => {
    for (let batch = waiting.pop(); batch; batch = waiting.pop()) {
      const messages = batch
      await db.transact((tx) => project(tx, into, messages, nothingTouched()))
    }
  }
  const queued = oneByOne(dice.shuffled([...history, ...history.filter(() => dice.chance(0.4))]))
  const pages = [1, 2, 3].flatMap(() => paged(dice.shuffled(history)))
  // In the wrong order, too: a consumer may get the generations in any order.
  const consumers = Array.from({ length: 8 }, (_, worker) =>
    take(queued, worker % 2 ? [served, building] : [building, served]),
  )
  await Promise.all([...consumers, take(pages, [building])])
  expect(await readTables(served)).toEqual(inOrder)
  expect(await readTables(building)).toEqual(inOrder)
})

test('the counters of one generation are not locked while the facts of another are written', async () => {
  const sales = makeHistory(13, 20).filter(({ eventType }) => eventType === 'TICKETS_GENERATED') as Message<
    typeof ticketsGenerated
  >[]
  const [one] = sales
  const [, another] = sales.filter(({ payload }) => payload.eventId === one?.payload.eventId)
  if (!one || !another) throw new Error('a history without two sales of an event')
  const [served, building] = [generations++, generations++]
  const page = await pool.connect()
  await page.query('begin')
  const { orderId, eventId } = one.payload
  await page.query('insert into orders (generation, order_id, event_id) values ($1, $2, $3)', [
    building,
    orderId,
    eventId,
  ])
  const waits = db.transact((tx) => project(tx, [served, building], [one], nothingTouched()))
  await until(async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect(rows).toHaveLength(1)
  })
  await db
    .transact(async (tx) => {
      await tx.query(`set local lock_timeout = '2s'`)
      await project(tx, [served], [another], nothingTouched())
    })
    .finally(async () => {
      await page.query('commit')
      page.release()
      await waits
    })
})

test('facts about one ticket do not read the others of its order, however many', async () => {
  const history = makeHistory(1, 40)
  const sale = history.find(({ eventType }) => eventType === 'TICKETS_GENERATED') as Message<
    typeof ticketsGenerated
  >
  const [first] = sale.payload.tickets
  if (!first) throw new Error('no ticket')
  const tickets = Array.from({ length: 500 }, (_, index) => ({
    ...first,
    ticketId: idOf('many', index) as TicketId,
  }))
  const large = { ...sale, payload: { ...sale.payload, tickets } }
  const publisher = createPublisher('one of many')
  const { orderId, userId, eventId } = sale.payload
  const { ticketNumber, ticketTypeId, unitPrice, currency } = first
  const cancelled = {
    orderId,
    userId,
    eventId,
    ticketNumber,
    ticketTypeId,
    currency,
    ticketId: idOf('many', 3),
    reason: 'ill',
  }
  publisher.publish(ticketCancelled, { ...cancelled, unitPrice: unitPrice / 100 })
  const generation = generations++
  await db.transact((tx) => project(tx, [generation], [large], nothingTouched()))
  let rowsMax = 0
  await db.transact((tx) =>
    project(
      {
        async query(sql, values) {
          const rows = await tx.query(sql, values)
          rowsMax = Math.max(rowsMax, rows.length)
          return rows as never
        },
      },
      [generation],
      publisher.messages,
      nothingTouched(),
    ),
  )
  expect(rowsMax).toBeLessThan(5)
  const { sales_hours } = await readTables(generation)
  const sum = (field: string) =>
    sales_hours?.reduce<number>((total, row) => total + ((row as Record<string, number>)[field] ?? 0), 0)
  expect([sum('issued'), sum('cancelled')]).toEqual([500, 1])
})
