import { randomUUID } from 'node:crypto'
import type { Minor, OrderId, TicketId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent, publishSeatedEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const DAY_MS = 86_400_000
let running: TestSystem
let organizer: Person
let buyer: Person

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
})
afterAll(() => running?.expectDocumented())

/** Publishes an event with refunds for three weeks, and places a confirmed order. */
async function bought(options: {
  name: string
  quantity: number
  refundable?: boolean
  person?: Person
  unitPrice?: number
}) {
  const person = options.person ?? buyer
  const sale = await publishEvent(organizer, {
    name: options.name,
    quantity: 50,
    unitPrice: options.unitPrice ?? 5_000,
    ...(options.refundable !== false && { refundableUntil: new Date(Date.now() + 20 * DAY_MS) }),
  })
  const { orderId } = expectStatus(await person.buy({ ...sale, quantity: options.quantity }), 201)
  const order = await person.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  return { sale, orderId, tickets: (order.tickets ?? []).map(({ ticketId }) => ticketId) }
}

const refund = (
  person: Person,
  orderId: OrderId,
  body: { reason: string; ticketIds?: TicketId[] } = { reason: 'Ill.' },
) => person.payments.refundOrder({ params: { orderId }, body })
const refunded = (orderId: OrderId) => buyer.waitForOrder(orderId, ({ status }) => status === 'REFUNDED')

describe('a buyer', () => {
  test('refunds an order: tickets cancelled, money back once, seats on sale again, a mail sent', async () => {
    const { sale, orderId, tickets } = await bought({ name: 'Given back', quantity: 2 })
    const answers = await Promise.all(Array.from({ length: 5 }, () => refund(buyer, orderId)))
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    for (const { status, body } of answers)
      if (status !== 202) expect(body).toMatchObject({ error: 'NOT_REFUNDABLE' })
    const order = await refunded(orderId)
    expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 10_000 })
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
    for (const ticketId of tickets) {
      expect(expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status).toBe(
        'CANCELLED',
      )
      expect(await buyer.tickets.getTicketPdf({ params: { ticketId } })).toMatchObject({ status: 409 })
    }
    const { ticketTypes } = expectStatus(
      await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }),
      200,
    )
    expect(ticketTypes[0]?.quantityAvailable).toBe(50)
    await running.mails.waitFor(buyer.email, /refund.*Given back/i)
    const { refunds } = expectStatus(await buyer.payments.listRefunds({ params: { orderId } }), 200)
    expect(refunds).toMatchObject([{ status: 'SUCCEEDED', amount: 10_000, reason: 'Ill.' }])
  })

  test('refunds one ticket of three and keeps the others; a ticket is refunded only once', async () => {
    const { orderId, tickets } = await bought({ name: 'Partly given back', quantity: 3 })
    const [first, second, third] = tickets as [TicketId, TicketId, TicketId]
    expectStatus(await refund(buyer, orderId, { reason: 'Too many.', ticketIds: [first] }), 202)
    const order = await buyer.waitForOrder(orderId, ({ refundedAmount }) => refundedAmount > 0)
    expect(order).toMatchObject({
      status: 'CONFIRMED',
      paymentStatus: 'PARTIALLY_REFUNDED',
      refundedAmount: 5_000,
    })
    const statusOf = async (ticketId: TicketId) =>
      expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status
    expect([await statusOf(first), await statusOf(second)]).toEqual(['CANCELLED', 'ACTIVE'])
    expect(await refund(buyer, orderId, { reason: 'Again.', ticketIds: [first] })).toMatchObject({
      status: 409,
    })
    expectStatus(await refund(buyer, orderId), 202)
    expect(await refunded(orderId)).toMatchObject({ refundedAmount: 15_000 })
    expect(await statusOf(third)).toBe('CANCELLED')
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 15_000, refunded: 15_000 })
  })

  test('cannot refund if the event has no refunds, but its organizer can', async () => {
    const { orderId } = await bought({ name: 'No way back', quantity: 1, refundable: false })
    expect(await refund(buyer, orderId)).toMatchObject({ status: 409, body: { error: 'NOT_REFUNDABLE' } })
    expectStatus(await refund(organizer, orderId, { reason: 'Goodwill.' }), 202)
    await refunded(orderId)
  })

  test('returns a free ticket without any money moving', async () => {
    const { orderId } = await bought({ name: 'For nothing', quantity: 2, unitPrice: 0 })
    expectStatus(await refund(buyer, orderId), 202)
    expect(await refunded(orderId)).toMatchObject({ refundedAmount: 0 })
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 0, refunded: 0 })
  })

  test('refunds a seat, which becomes free for the next buyer', async () => {
    const sale = await publishSeatedEvent(organizer, 'A seat given back', {
      refundableUntil: new Date(Date.now() + 20 * DAY_MS),
    })
    const request = {
      eventId: sale.eventId,
      ticketRequests: [{ ticketTypeId: sale.ticketTypeId, seatIds: ['1-A-1'] as never[] }],
    }
    const pay = {
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'Zofia Łącka',
    } as const
    const buySeat = (person: Person) =>
      person.payments.createOrder({
        headers: { 'idempotency-key': randomUUID() },
        body: { ...request, ...pay },
      })
    const { orderId } = expectStatus(await buySeat(buyer), 201)
    await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    const next = await running.person({ firstName: 'Następny', lastName: 'Widz' })
    expect((await buySeat(next)).status).toBe(409)
    expectStatus(await refund(buyer, orderId), 202)
    await refunded(orderId)
    const second = expectStatus(await buySeat(next), 201)
    await next.waitForOrder(second.orderId, ({ status }) => status === 'CONFIRMED')
  })
})

test('a late message after a refund issues nothing', async () => {
  const { orderId, tickets } = await bought({ name: 'Too late', quantity: 1 })
  expectStatus(await refund(buyer, orderId), 202)
  await refunded(orderId)
  // Publishes PAYMENT_COMPLETED again with an unused id, as if it were redriven after a week.
  const payments = new pg.Pool({ connectionString: running.system.databaseUrl('payments'), max: 1 })
  const messageId = randomUUID()
  await payments.query(
    `with published as (
       select body, attributes from outbox where event_type = 'PAYMENT_COMPLETED'
         and body->'payload'->>'orderId' = $1
       union all select body, attributes from message_archive where event_type = 'PAYMENT_COMPLETED'
         and body->'payload'->>'orderId' = $1)
     insert into outbox (message_id, topic, event_type, body, attributes, archivable)
     select $2::uuid, 'payment-events', 'PAYMENT_COMPLETED',
       jsonb_set(body, '{messageId}', to_jsonb($2::text)), attributes, true
     from published limit 1`,
    [orderId, messageId],
  )
  await payments.end()
  const ticketsDb = new pg.Pool({ connectionString: running.system.databaseUrl('tickets'), max: 1 })
  await until(async () => {
    const { rowCount } = await ticketsDb.query('select from inbox where message_id = $1', [messageId])
    expect(rowCount).toBe(1)
  })
  const { rows } = await ticketsDb.query('select ticket_id, status from tickets where order_id = $1', [
    orderId,
  ])
  await ticketsDb.end()
  expect(rows).toEqual([{ ticket_id: tickets[0], status: 'CANCELLED' }])
})

test('a cancelled event refunds every buyer and notifies them', async () => {
  const sale = await publishEvent(organizer, { name: 'Rained off', quantity: 50, unitPrice: 3_000 })
  const guests = await Promise.all(
    Array.from({ length: 8 }, (_, index) => running.person({ firstName: `Guest${index}`, lastName: 'Wet' })),
  )
  const orders = await Promise.all(
    guests.map(async (guest) => expectStatus(await guest.buy({ ...sale, quantity: 2 }), 201)),
  )
  await Promise.all(
    guests.map((guest, index) =>
      guest.waitForOrder(
        (orders[index] as { orderId: OrderId }).orderId,
        ({ status }) => status === 'CONFIRMED',
      ),
    ),
  )
  const params = { eventId: sale.eventId }
  const seen = expectStatus(
    await organizer.payments.listOrders({ query: { eventId: sale.eventId, limit: 5 } }),
    200,
  )
  expect(seen.orders).toHaveLength(5)
  expect(seen.nextCursor).not.toBeNull()

  const cancelled = await organizer.events.cancelEvent({
    params,
    body: { cancellationReason: 'Heavy rain.' },
  })
  expect(expectStatus(cancelled, 200)).toMatchObject({
    status: 'CANCELLED',
    cancellationReason: 'Heavy rain.',
  })
  await until(async () => {
    const latecomer = await (guests[0] as Person).buy({ ...sale, quantity: 1 })
    expect(latecomer).toMatchObject({ status: 409, body: { error: 'EVENT_NOT_ON_SALE' } })
  })
  for (const [index, guest] of guests.entries()) {
    const { orderId } = orders[index] as { orderId: OrderId }
    await guest.waitForOrder(orderId, ({ status }) => status === 'REFUNDED')
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 6_000, refunded: 6_000 })
    await running.mails.waitFor(
      guest.email,
      ({ body }) => /Rained off/.test(body.text ?? '') && /Heavy rain\./.test(body.text ?? ''),
    )
  }
})

describe('an unpaid order', () => {
  test('can be renamed until it is paid', async () => {
    const sale = await publishEvent(organizer, { name: 'Renamed', quantity: 5, unitPrice: 1_000 })
    const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
    const params = { orderId }
    expect(await buyer.payments.updateOrder({ params, body: { holderName: 'Nowa Nazwa' } })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_NOT_PENDING' },
    })
    expect(await buyer.payments.cancelOrder({ params })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_NOT_PENDING' },
    })
  })
})

test('an operator sees the steps of a purchase', async () => {
  const operator = await running.operator()
  const { orderId } = await bought({ name: 'Looked into', quantity: 1, unitPrice: 2_500 as Minor })
  const journal = expectStatus(await operator.sagas.getSaga({ params: { orderId } }), 200)
  expect(journal.events.length).toBeGreaterThan(3)
  const { byState } = expectStatus(await operator.sagas.listSagas({ query: {} }), 200)
  expect(Object.values(byState).every((count) => count >= 0)).toBe(true)
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
