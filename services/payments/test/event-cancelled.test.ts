import { randomUUID } from 'node:crypto'
import {
  type EventId,
  eventCancelled,
  type OrderId,
  orderCancelled,
  refundProcessed,
  type UserId,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findSagaForUpdate } from '../src/saga/saga-repository.ts'
import { startProcess } from './process.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { ticketTypeId } from './stubs.ts'

const ORDERS = 500
const AT_ONCE = 20
const cancelled = randomUUID() as EventId
let payments: TestService
beforeAll(async () => {
  // This process sells; other processes do the background work, so that they can be killed.
  payments = await startService({ EVENT_REFUNDS_PER_SECOND: '1000' }, { workers: false, webhooks: false })
})
afterAll(() => payments.stop())

/** Moves the saga as a message of the ticket service would. */
async function confirm(orderId: OrderId): Promise<void> {
  const tickets = [1, 2].map((ordinal) => ({
    ticketId: randomUUID() as never,
    ticketNumber: `TKT-2026-${ordinal}`,
    ticketTypeId,
    qrCode: 'http://127.0.0.1/q',
  }))
  const unitPrice = 5_000 as never
  payments.stub.issued.set(
    orderId,
    tickets.map(({ ticketId }) => ({ ticketId, ticketTypeId, unitPrice, used: false })),
  )
  await payments.deps.db.transact(async (tx) => {
    const saga = await findSagaForUpdate(tx, orderId)
    if (saga) await payments.deps.apply(tx, saga, { type: 'TICKETS_ISSUED', tickets })
  })
}

async function sell(event: EventId, count: number): Promise<OrderId[]> {
  const sold: OrderId[] = []
  const seller = async () => {
    while (sold.length < count) {
      const place = sold.push('' as OrderId) - 1
      sold[place] = orderIdOf(await payments.buy('pm_card_visa', { eventId: event }))
      // Every tenth order is paid without tickets yet.
      if (place % 10 !== 0) await confirm(sold[place])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, seller))
  return sold
}

const cancelEvent = () =>
  payments.deps.db.transact((tx) =>
    payments.appendAny(
      tx,
      eventCancelled,
      {
        eventId: cancelled,
        organizerId: randomUUID() as UserId,
        name: 'Night of Strings',
        eventName: 'Night of Strings',
        eventDate: new Date(),
        timeZone: 'UTC',
        venueId: randomUUID() as never,
        venueName: 'Klub Proxima',
        venueAddress: 'Warszawa',
        status: 'CANCELLED',
        cancellationReason: 'The singer is ill',
      },
      { aggregateVersion: 1 },
    ),
  )
const countOf = async (status: string) =>
  (
    await payments.deps.pool.query<{ count: number }>(
      'select count(*)::int as count from orders where event_id = $1 and status = $2',
      [cancelled, status],
    )
  ).rows[0]?.count ?? 0

test('every order of a cancelled event is refunded once, despite kills, and no other is', async () => {
  const orderIds = await sell(cancelled, ORDERS)
  const [other] = await sell(randomUUID() as EventId, 1)
  // One is partly refunded already; a ticket of another was used.
  const [, partly, used] = orderIds as [OrderId, OrderId, OrderId]
  const [ticket] = (await payments.order(partly)).tickets ?? []
  const admin = payments.clientOf((await payments.authority.user(['USER', 'ADMIN'])).headers)
  const ask = { params: { orderId: partly }, body: { reason: 'x', ticketIds: [ticket?.ticketId as never] } }
  expect((await admin.refundOrder(ask)).status).toBe(202)
  for (const one of payments.stub.issued.get(used)?.slice(0, 1) ?? []) one.used = true

  // The first process is killed halfway: half of the tickets are cancelled by the next one.
  let asked = 0
  const killed = Promise.withResolvers<void>()
  payments.stub.state.beforeCancel = () => (++asked > ORDERS / 2 ? killed.promise : Promise.resolve())
  await cancelEvent()
  const first = await startProcess(payments)
  await until(async () => expect(await countOf('REFUNDED')).toBeGreaterThan(ORDERS / 5))
  await first.kill()
  killed.resolve()
  expect(await countOf('REFUNDED')).toBeLessThan(ORDERS)
  // Ends the dead process's leases, so that the test does not wait for them.
  for (const table of ['sagas', 'cancelled_events']) {
    await payments.deps.pool.query(
      `update ${table} set leased_until = now() - interval '1 second' where leased_until > now()`,
    )
  }
  await startProcess(payments)
  await until(async () => expect(await countOf('REFUNDED')).toBe(ORDERS))
  await until(async () =>
    expect((await payments.deps.pool.query('select next_attempt_at from cancelled_events')).rows).toEqual([
      { next_attempt_at: null },
    ]),
  )

  const { totals } = await payments.sandbox.ledger()
  const ofEvent = totals.filter(({ orderId }) => orderIds.includes(orderId as OrderId))
  expect(ofEvent).toHaveLength(ORDERS)
  for (const total of ofEvent)
    expect(total).toMatchObject({ captured: 10_000, refunded: 10_000, successfulCharges: 1 })
  for (const orderId of orderIds) expect(payments.stub.priceOfValid(orderId)).toBe(0)
  expect(await payments.moneyOf(other as OrderId)).toMatchObject({ captured: 10_000, refunded: 0 })
  const { rows: unsettled } = await payments.deps.pool.query(
    "select from refunds where status <> 'SUCCEEDED'",
  )
  expect(unsettled).toEqual([])

  const last = orderIds.at(-1)
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === last)
  await payments.probe.waitFor(
    orderCancelled,
    ({ payload }) => payload.orderId === last && payload.reason === 'EVENT_CANCELLED',
  )
})
