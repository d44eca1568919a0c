import { randomUUID } from 'node:crypto'
import type { Currency, EventId, Minor, OrderId, RefundId, ReservationId, UserId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endRound,
  isEventCancelled,
  listPaidOrders,
  saveCancelledEvent,
} from '../src/event-refunds/cancelled-event-repository.ts'
import { insertOrders } from '../src/orders/order-repository.ts'
import type { SagaInput } from '../src/saga/input.ts'
import { insertSagas } from '../src/saga/new-sagas-repository.ts'
import { findSaga, type StoredSaga } from '../src/saga/saga-repository.ts'
import { startService, type TestService } from './start-service.ts'
import { ticketTypeId } from './stubs.ts'

// An order of a reservation that the buyer has: its event is known when the reservation is claimed, and one
// that costs nothing is paid in the same moment, without a charge that would check the event again.
let payments: TestService
beforeAll(async () => {
  payments = await startService({}, { workers: false, webhooks: false })
})
afterAll(() => payments.stop())

function begin() {
  const orderId = randomUUID() as OrderId
  const reservationId = randomUUID() as ReservationId
  const userId = payments.buyer.userId as UserId
  const about = { userId, reservationId, holderName: 'Zofia Łącka' }
  const context = {
    ...about,
    paymentToken: 'pm',
    refundId: randomUUID() as RefundId,
    purchase: { kind: 'reserved' } as const,
  }
  return payments.deps.db.transact(async (tx) => {
    const paid = {
      paymentMethod: 'CREDIT_CARD',
      idempotencyKey: orderId,
      bodyHash: 'x',
      deferred: false,
    } as const
    await insertOrders(tx, [{ ...about, ...paid, orderId, eventId: null }])
    const saga = { orderId, state: 'RESERVING', context, traceparent: null } as const
    return (await insertSagas(tx, [saga], { leaseMs: payments.config.leaseMs })).get(orderId) as StoredSaga
  })
}
const claimed = (eventId: EventId, unitPrice: number): SagaInput => ({
  type: 'RESERVED',
  at: new Date().toISOString(),
  eventId,
  items: [{ ticketTypeId, quantity: 1, unitPrice: unitPrice as Minor }],
  total: unitPrice as Minor,
  currency: 'EUR' as Currency,
  eventCancelled: false,
})
/** Everything that the cancellation of an event does while it has no orders. */
const cancel = (eventId: EventId) =>
  payments.deps.db.transact(async (tx) => {
    await saveCancelledEvent(tx, eventId)
    await endRound(tx, eventId)
  })

test.each([
  ['costs nothing is not paid', 0, 'RELEASING'],
  ['costs something is not charged', 5_000, 'RELEASING'],
])('an order that %s, when its event was cancelled after it was asked about', async (_, price, state) => {
  const { db, apply, drive } = payments.deps
  const eventId = randomUUID() as EventId
  const saga = await begin()
  const input = claimed(eventId, price)
  await cancel(eventId)
  const applied = await db.transact((tx) => apply(tx, saga, input))
  if (!applied.applied) throw new Error(applied.why)
  expect(applied.saga.state).toBe(state)
  await drive(applied.saga, new Date(Date.now() + 10_000))
  expect(await payments.order(saga.orderId)).toMatchObject({
    status: 'FAILED',
    failureReason: 'EVENT_CANCELLED',
  })
  expect(await payments.moneyOf(saga.orderId)).toMatchObject({ captured: 0 })
  expect(await listPaidOrders(db, { eventId, after: null }, 10)).toEqual([])
})

test('an order with a price is checked before its charge if its event was cancelled meanwhile', async () => {
  const { db, apply, drive } = payments.deps
  const eventId = randomUUID() as EventId
  const saga = await begin()
  const applied = await db.transact((tx) => apply(tx, saga, claimed(eventId, 5_000)))
  if (!applied.applied) throw new Error(applied.why)
  expect(applied.saga.state).toBe('CHARGING')
  await cancel(eventId)
  // As a worker resumes it later, which knows nothing of the commit that brought it here.
  const resumed = await findSaga(db, saga.orderId)
  if (!resumed) throw new Error('the saga is gone')
  await drive(resumed, new Date(Date.now() + 10_000))
  expect(await payments.order(saga.orderId)).toMatchObject({
    status: 'FAILED',
    failureReason: 'EVENT_CANCELLED',
  })
  expect(await payments.moneyOf(saga.orderId)).toMatchObject({ captured: 0 })
})

test('a cancelled event waits for a free order that is being paid, and finds the order', async () => {
  const { db, apply } = payments.deps
  const eventId = randomUUID() as EventId
  const saga = await begin()
  const waiting = `select from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`
  let cancelling: Promise<void> | undefined
  await db.transact(async (tx) => {
    await apply(tx, saga, claimed(eventId, 0))
    cancelling = cancel(eventId)
    await until(async () => expect((await db.query(waiting)).length).toBe(1))
    expect(await isEventCancelled(db, eventId)).toBe(false)
  })
  await cancelling
  expect(await listPaidOrders(db, { eventId, after: null }, 10)).toMatchObject([{ orderId: saga.orderId }])
  const due = await db.query(
    'select from cancelled_events where event_id = $1 and next_attempt_at is not null',
    [eventId],
  )
  expect(due).toHaveLength(1)
})

test('an order charged before its worker died is refunded when its event is cancelled', async () => {
  const { db, apply, drive, gateway } = payments.deps
  const eventId = randomUUID() as EventId
  const saga = await begin()
  const applied = await db.transact((tx) => apply(tx, saga, claimed(eventId, 5_000)))
  if (!applied.applied) throw new Error(applied.why)
  const { orderId } = saga
  const charge = {
    orderId,
    amount: 5_000 as Minor,
    currency: 'EUR' as Currency,
    paymentToken: 'pm_card_visa',
  }
  expect(await gateway.charge({ ...charge, key: `order:${orderId}:charge` })).toMatchObject({
    outcome: 'charged',
  })
  await cancel(eventId)
  await drive(applied.saga, new Date(Date.now() + 10_000))
  expect(await payments.order(orderId)).toMatchObject({ status: 'REFUNDED', refundedAmount: 5_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 5_000, refunded: 5_000 })
})
