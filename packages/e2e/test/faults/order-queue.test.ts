import { randomUUID } from 'node:crypto'
import type { OrderId, OrderProgress } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../../src/events.ts'
import { expectStatus, type Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

let running: TestSystem
let database: pg.Pool
let organizer: Person
let buyer: Person
/** A user may have at most three holds of an event at a time. */
let crowd: readonly Person[]

const SLOW = 'pm_sandbox_slow_1500'
const prefer = { prefer: 'respond-async' }

beforeAll(async () => {
  running = await useTestSystem('fragile')
  database = new pg.Pool({ connectionString: running.system.databaseUrl('payments'), max: 2 })
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  crowd = await Promise.all(
    Array.from({ length: 16 }, () => running.person({ firstName: 'Carl', lastName: 'Crowd' })),
  )
})
afterAll(async () => {
  await database?.end()
  running?.expectDocumented()
})

/** Returns the number of rows that a query of the payment service finds. */
const count = async (sql: string) => (await database.query(sql)).rowCount ?? 0

const offer = (name: string, quantity = 100) => publishEvent(organizer, { name, quantity, unitPrice: 5_000 })
const isConfirmed = ({ status }: { status: string }) => status === 'CONFIRMED'
async function followed(orderId: OrderId): Promise<OrderProgress[]> {
  const steps: OrderProgress[] = []
  for await (const step of expectStatus(await buyer.payments.watchOrder({ params: { orderId } }), 200))
    steps.push(step)
  return steps
}

test('an asynchronous order is accepted at once, followed step by step, and mailed twice', async () => {
  const sale = await offer('Queued')
  const key = randomUUID()
  const placed = expectStatus(
    await buyer.buy({ ...sale, quantity: 2 }, { key, async: true, paymentToken: SLOW }),
    202,
  )
  expect(placed).toMatchObject({ status: 'PENDING', paymentStatus: 'PENDING', eventId: sale.eventId })
  const { orderId } = placed
  const steps = await followed(orderId)
  expect(steps.map(({ step, result }) => `${step} ${result}`)).toEqual(
    expect.arrayContaining(['ORDER CREATED', 'RESERVE RESERVED', 'CHARGE CHARGED', 'ISSUE TICKETS_ISSUED']),
  )
  expect(steps.map(({ at }) => at.getTime())).toEqual(
    steps.map(({ at }) => at.getTime()).toSorted((a, b) => a - b),
  )
  expect(steps.at(-1)).toMatchObject({ orderId, status: 'CONFIRMED' })
  const { history } = expectStatus(await buyer.payments.getOrderHistory({ params: { orderId } }), 200)
  expect(steps.map(({ at, step, result }) => ({ at, step, result }))).toEqual(
    history.map(({ at, step, result }) => ({ at, step, result })),
  )
  // The same key again returns the current order.
  const again = expectStatus(
    await buyer.buy({ ...sale, quantity: 2 }, { key, async: true, paymentToken: SLOW }),
    201,
  )
  expect(again).toMatchObject({ orderId, status: 'CONFIRMED' })
  expect(await running.moneyOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
  const accepted = await running.mails.waitFor(buyer.email, /^We have your order for Queued/)
  expect(accepted.body.text).toContain(placed.orderNumber)
  await running.mails.waitFor(buyer.email, ({ attachments }) =>
    attachments.some(({ filename }) => filename?.endsWith('.pdf')),
  )
})

test("an order of one's own reservation is paid the same way", async () => {
  const sale = await offer('Reserved before')
  const request = {
    eventId: sale.eventId,
    ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 1 }],
  }
  const { reservationId } = expectStatus(await buyer.tickets.createReservation({ body: request }), 201)
  const answer = await buyer.payments.createOrder({
    headers: { 'idempotency-key': randomUUID(), ...prefer },
    body: {
      reservationId,
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'Zofia Łącka',
    },
  })
  const { orderId } = expectStatus(answer, 202)
  expect(await buyer.waitForOrder(orderId, isConfirmed)).toMatchObject({
    reservationId,
    eventId: sale.eventId,
  })
})

test('commands run in order: names one by one, and a cancellation in time charges no one', async () => {
  const sale = await offer('Changed and cancelled', 200)
  // Enough orders ahead of these that they must wait.
  const before = await Promise.all(
    crowd.map(async (person) => {
      const { orderId } = expectStatus(
        await person.buy({ ...sale, quantity: 1 }, { async: true, paymentToken: SLOW }),
        202,
      )
      return { person, orderId }
    }),
  )
  const [named, cancelled] = (
    await Promise.all(
      [1, 2].map(() =>
        buyer.buy({ ...sale, quantity: 1 }, { async: true, paymentToken: SLOW, holderName: 'The First' }),
      ),
    )
  ).map((answer) => ({ orderId: expectStatus(answer, 202).orderId })) as [
    { orderId: OrderId },
    { orderId: OrderId },
  ]
  for (const holderName of ['The Second', 'The Third']) {
    expectStatus(
      await buyer.payments.updateOrder({ params: named, body: { holderName }, headers: prefer }),
      202,
    )
  }
  expectStatus(await buyer.payments.cancelOrder({ params: cancelled, headers: prefer }), 202)

  const order = await buyer.waitForOrder(named.orderId, isConfirmed)
  expect(order.holderName).toBe('The Third')
  await buyer.waitForOrder(cancelled.orderId, ({ status }) => status === 'CANCELLED')
  expect(await running.moneyOf(cancelled.orderId)).toMatchObject({ captured: 0, successfulCharges: 0 })
  for (const { person, orderId } of before) await person.waitForOrder(orderId, isConfirmed)
  // A command that is too late is refused visibly.
  const late = await buyer.payments.updateOrder({
    params: named,
    body: { holderName: 'Too Late' },
    headers: prefer,
  })
  expect(late).toMatchObject({ status: 409, body: { error: 'ORDER_NOT_PENDING' } })
})

test('operators see the order queue and its workers', async () => {
  const operator = await running.operator()
  // Runs before any kill: a command whose consumer dies three times becomes a dead letter, and its order
  // still completes.
  const { queues } = expectStatus(await operator.ops.payments.getQueues({}), 200)
  expect(queues).toContainEqual(expect.objectContaining({ queue: 'order-commands.fifo', deadLetters: 0 }))
  await until(async () => {
    const { handlers } = expectStatus(await operator.ops.payments.getHandlers({}), 200)
    const types = handlers
      .filter(({ queue }) => queue === 'order-commands.fifo')
      .map(({ eventType }) => eventType)
    expect(types.toSorted()).toEqual(['CREATE_ORDER', 'DELETE_ORDER', 'UPDATE_ORDER'])
  })
})

test('orders outlive their worker processes: each is charged once and has its tickets', async () => {
  const sale = await offer('Under fire', 5_000)
  let isOver = false
  // Each buys again as soon as the last order is confirmed: however slow the machine, no one reaches the
  // limit.
  const buying = Promise.all(
    crowd.map(async (person, index) => {
      const bought: OrderId[] = []
      while (!isOver || bought.length < 3) {
        const what = { ...sale, quantity: 1 + (index % 2) }
        const orderId = await person.buyInsistently(what, 'pm_sandbox_slow_300', { async: true })
        await person.waitForOrder(orderId, isConfirmed)
        bought.push(orderId)
      }
      return bought
    }),
  )
  for (const instance of [0, 1, 0, 1]) {
    const process = running.system.service('payments', instance)
    await process.waitReady()
    // Kills only during a charge, in a worker that has just begun, because any other kill would miss.
    const charging =
      "select from sagas where state = 'CHARGING' and leased_until > clock_timestamp() + interval '1 second'"
    await until(async () => expect(await count(charging)).toBeGreaterThan(1))
    process.kill('SIGKILL')
  }
  isOver = true
  const bought = (await buying).flat()
  const { totals } = await running.ledger()
  for (const orderId of bought) {
    expect(totals.filter((total) => total.orderId === orderId)).toMatchObject([
      { successfulCharges: 1, refunded: 0 },
    ])
  }
})

test('all invariants hold afterwards: tickets, money, messages, Redis and the read side', async () => {
  await running.expectAgreement()
})
