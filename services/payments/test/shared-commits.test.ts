import { randomUUID } from 'node:crypto'
import type {
  Currency,
  EventId,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  TicketId,
  UserId,
} from '@boxoffice/contracts'
import { ticketsGenerated } from '@boxoffice/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveCancelledEvent } from '../src/event-refunds/cancelled-event-repository.ts'
import { insertOrders } from '../src/orders/order-repository.ts'
import type { SagaInput } from '../src/saga/input.ts'
import { createMover } from '../src/saga/move-together.ts'
import { insertSagas } from '../src/saga/new-sagas-repository.ts'
import type { StoredSaga } from '../src/saga/saga-repository.ts'
import { handleTogether } from '../src/saga/subscriptions.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { ticketTypeId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService({}, { workers: false, webhooks: false })
})
afterAll(() => payments.stop())

/** In how many transactions `what` was written to the journals of these orders. */
async function commitsOf(what: string, orderIds: readonly OrderId[]) {
  const { rows } = await payments.deps.pool.query(
    `select count(*)::int as appended, count(distinct xmin::text)::int as commits from saga_events
     where coalesce(result, moment || ' ' || seq) = $1 and order_id = any($2)`,
    [what, orderIds],
  )
  return rows[0] as { appended: number; commits: number }
}

/** Sagas of new orders, under our lease. */
function begin(count: number): Promise<StoredSaga[]> {
  const userId = payments.buyer.userId as UserId
  const drafts = Array.from({ length: count }, () => {
    const about = { userId, reservationId: randomUUID() as ReservationId, holderName: 'Zofia Łącka' }
    const orderId = randomUUID() as OrderId
    const paid = {
      paymentMethod: 'CREDIT_CARD',
      idempotencyKey: orderId,
      bodyHash: 'x',
      deferred: false,
    } as const
    const context = {
      ...about,
      paymentToken: 'pm',
      refundId: randomUUID() as RefundId,
      purchase: { kind: 'reserved' } as const,
    }
    return {
      order: { ...about, ...paid, orderId, eventId: null },
      saga: { orderId, state: 'RESERVING' as const, context, traceparent: null },
    }
  })
  return payments.deps.db.transact(async (tx) => {
    await insertOrders(
      tx,
      drafts.map(({ order }) => order),
    )
    const sagas = await insertSagas(
      tx,
      drafts.map(({ saga }) => saga),
      { leaseMs: payments.config.leaseMs },
    )
    return drafts.map(({ order: { orderId } }) => sagas.get(orderId) as StoredSaga)
  })
}
const reserved = (...quantities: number[]): SagaInput => ({
  type: 'RESERVED',
  at: new Date().toISOString(),
  eventId: randomUUID() as EventId,
  items: quantities.map((quantity) => ({ ticketTypeId, quantity, unitPrice: 5_000 as Minor })),
  total: 5_000 as Minor,
  currency: 'EUR' as Currency,
  eventCancelled: false,
})

test('concurrent orders are placed, reserved and charged in fewer commits than orders', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => payments.buy('pm_card_visa')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
  for (const what of ['INTENT 1', 'RESERVED', 'CHARGED']) {
    const { appended, commits } = await commitsOf(what, answers.map(orderIdOf))
    expect(appended, what).toBe(20)
    expect(commits, what).toBeLessThan(20)
  }
})

test('a key that comes twice at once is one order', async () => {
  const key = randomUUID()
  const answers = await Promise.all([
    payments.buy('pm_card_visa', { key }),
    payments.buy('pm_card_visa', { key }),
  ])
  expect(new Set(answers.map(orderIdOf)).size).toBe(1)
  expect(answers.map(({ status }) => status)).toEqual([201, 201])
})

test('a saga that cannot be moved fails alone', async () => {
  const { deps } = payments
  const move = createMover(deps, deps.applyAll)
  const [good, bad, other] = (await begin(3)) as [StoredSaga, StoredSaga, StoredSaga]
  const outcomes = await Promise.allSettled([
    move(good, reserved(1)),
    // An order has one line of a type.
    move(bad, reserved(1, 1)),
    move(other, reserved(1)),
    // Moved once, a saga is not where it was.
    move(other, reserved(1)),
  ])
  expect(outcomes).toMatchObject([
    { value: { applied: true, order: { items: [{ quantity: 1 }] } } },
    { reason: { constraint: 'order_items_pkey' } },
    { value: { applied: true } },
    { value: { applied: false, why: 'stale' } },
  ])
  expect(await payments.sagaState(good.orderId)).toBe('CHARGING')
  expect(await payments.sagaState(bad.orderId)).toBe('RESERVING')
})

test('the tickets of several orders, some of them in parts, are taken in one transaction', async () => {
  const orderIds = (await Promise.all([payments.buy('pm_card_visa'), payments.buy('pm_card_visa')])).map(
    orderIdOf,
  )
  const [whole, parted] = orderIds as [OrderId, OrderId]
  const messageOf = (orderId: OrderId, number: string, part = 1, parts = 1) => ({
    eventType: ticketsGenerated.eventType,
    payload: {
      ...{ orderId, part, parts },
      tickets: [
        {
          ticketId: randomUUID() as TicketId,
          ticketNumber: number,
          ticketTypeId,
          qrCode: 'http://127.0.0.1/q',
        },
      ],
    },
  })
  const messages = [
    messageOf(parted, 'TKT-2', 2, 2),
    messageOf(whole, 'TKT-3'),
    messageOf(parted, 'TKT-1', 1, 2),
  ]
  const take = handleTogether({ applyAll: payments.deps.applyAll, saveCancelledEvent })
  await payments.deps.db.transact((tx) => take(tx, messages as never, (_, work) => work()))
  for (const orderId of orderIds) expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED' })
  const numbers = (await payments.order(parted)).tickets?.map(({ ticketNumber }) => ticketNumber)
  expect(numbers).toEqual(['TKT-1', 'TKT-2'])
  expect(await commitsOf('TICKETS_ISSUED', orderIds)).toEqual({ appended: 3, commits: 1 })
})

test('charges sent by the gateway are saved together; one that cannot be saved fails alone', async () => {
  const orderIds = (await Promise.all([payments.buy('pm_card_visa'), payments.buy('pm_card_visa')])).map(
    orderIdOf,
  )
  const { rows: orders } = await payments.deps.pool.query(
    'select transaction_id from orders where order_id = any($1)',
    [orderIds],
  )
  const ids = orders.map(() => `evt_${randomUUID()}`)
  const charges = orders.map(({ transaction_id: id }, index) =>
    payments.sendWebhook(
      'payment_intent.succeeded',
      { id, metadata: { orderId: orderIds[index] } },
      ids[index],
    ),
  )
  const appended = await Promise.all([
    ...charges,
    // Text that PostgreSQL has no place for.
    payments.sendWebhook('payment_intent.succeeded', {
      id: 'pi_x',
      metadata: { orderId: orderIds[0] },
      description: '\0',
    }),
  ])
  expect(appended.map(({ statusCode }) => statusCode)).toEqual([200, 200, 500])
  const { rows } = await payments.deps.pool.query(
    'select outcome, processed_at is not null as done from webhook_events where webhook_event_id = any($1)',
    [ids],
  )
  expect(rows).toEqual(ids.map(() => ({ outcome: 'known already', done: true })))
})
