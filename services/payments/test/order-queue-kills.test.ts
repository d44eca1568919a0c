import type { OrderId } from '@boxoffice/contracts'
import { setVisibility } from '@boxoffice/messaging/testing'
import { patientPolicies, stopWorkers } from '@boxoffice/service-kit/testing'
import { machineFactor, until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callees } from '../src/config.ts'
import { publishKeys, startProcess } from './process.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'

const QUEUE = 'order-commands.fifo'
/** How often the gateway takes a charge: a tenth of what comes. */
const CHARGES_PER_SECOND = 30
const BURST = 300

let payments: TestService
let keys: Awaited<ReturnType<typeof publishKeys>>
let overrides: Record<string, string>
beforeAll(async () => {
  const gateway = { ratePerSecond: CHARGES_PER_SECOND, bulkhead: { concurrent: 5, waitMs: 500 } }
  const RESILIENCE = patientPolicies(callees, { gateway })
  payments = await startService({ RESILIENCE }, { workers: false })
  // An unacknowledged message is received again after 60 s; here sooner, but not before a slow machine has
  // handled it: three receives make it a dead letter.
  await setVisibility(payments.aws, QUEUE, Math.ceil(4 * machineFactor))
  keys = await publishKeys(payments.authority)
  overrides = { AUTH_URL: keys.url }
})
afterAll(async () => {
  await keys.close()
  await payments.stop()
})

const startWorkers = () => payments.workers.forEach((worker) => void worker.start())
const stopAllWorkers = () => stopWorkers(payments.workers)
/** Their leases are waited for as they would be, but shorter. */
/** Locks in the order in which the service does, which works on: otherwise each may wait for the other. */
const endLeases = () =>
  payments.deps.pool.query(
    `with locked as materialized (select order_id from sagas order by order_id for update)
     update sagas set leased_until = clock_timestamp() - interval '1 second'
     from locked where sagas.order_id = locked.order_id`,
  )
const accept = async () => orderIdOf(await payments.buy('pm_card_visa', { later: true }))
const isPaidOnce = async (orderId: OrderId) => {
  await payments.becomes(orderId, 'PAID')
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
}
const deadLetters = async () => (await payments.deps.messaging.queueDepth('order-commands-dlq.fifo'))?.visible

test.each([
  'relay.after-publish',
  'consumer.before-commit',
  'consumer.after-commit',
  'saga.charge.after-call',
])('a worker that dies at %s leaves an order that the next one ends, charged once', async (point) => {
  const orderId = await accept()
  const instance = await startProcess(payments, { ...overrides, CRASH_AT: point })
  expect(await instance.ended).toEqual([null, 'SIGKILL'])
  await endLeases()
  await payments.deps.pool.query(
    "update outbox set leased_until = clock_timestamp() - interval '1 second' where published_at is null",
  )
  startWorkers()
  await isPaidOnce(orderId)
  await stopAllWorkers()
  expect(await deadLetters()).toBe(0)
})

test('a process that dies as it accepts has accepted all of it', async () => {
  const instance = await startProcess(payments, { ...overrides, CRASH_AT: 'saga.created' })
  const buying = fetch(`${instance.url}/api/payments/orders`, {
    method: 'POST',
    headers: {
      ...payments.buyer.headers,
      ...{
        'content-type': 'application/json',
        'idempotency-key': 'died-while-accepting',
        prefer: 'respond-async',
      },
    },
    body: JSON.stringify({
      ...{
        eventId: crypto.randomUUID(),
        ticketRequests: [{ ticketTypeId: crypto.randomUUID(), quantity: 2 }],
      },
      ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa', holderName: 'x' },
    }),
  })
  await expect(buying).rejects.toThrow()
  expect(await instance.ended).toEqual([null, 'SIGKILL'])
  const { rows } = await payments.deps.pool.query(
    "select order_id from orders where idempotency_key = 'died-while-accepting'",
  )
  startWorkers()
  await isPaidOnce(rows[0].order_id)
  await stopAllWorkers()
})

test(`of ${BURST} orders at once none is lost or charged twice, despite slowness and a kill`, async () => {
  const orderIds: OrderId[] = []
  const before = (await payments.sandbox.ledger()).entries.length
  for (let sent = 0; sent < BURST; sent += 50)
    orderIds.push(...(await Promise.all(Array.from({ length: 50 }, accept))))
  expect(new Set(orderIds).size).toBe(BURST)
  const instances = await Promise.all([1, 2].map(() => startProcess(payments, overrides)))
  startWorkers()
  const count = async (states: string) =>
    Number(
      (
        await payments.deps.pool.query(
          `select count(*) from sagas where state ${states} and order_id = any($1)`,
          [orderIds],
        )
      ).rows[0].count,
    )
  await until(async () => expect(await count("= 'AWAITING_TICKETS'")).toBeGreaterThan(20))
  await instances[0]?.kill()
  await endLeases()
  // The others go on, and what the killed one had in hand comes back to them.
  await until(async () => expect(await count("<> 'AWAITING_TICKETS'")).toBe(0))
  const { rows } = await payments.deps.pool.query(
    'select distinct status from orders where order_id = any($1)',
    [orderIds],
  )
  expect(rows).toEqual([{ status: 'PAID' }])
  const { entries } = await payments.sandbox.ledger()
  expect(entries.length).toBe(before + BURST)
  for (const orderId of orderIds.slice(0, 20))
    expect(await payments.moneyOf(orderId)).toMatchObject({ successfulCharges: 1 })
  // A sweep may end the orders before the commands that the killed one had in hand come again.
  await until(async () =>
    expect(await payments.deps.messaging.queueDepth(QUEUE)).toEqual({ visible: 0, inFlight: 0 }),
  )
  expect(await deadLetters()).toBe(0)
})
