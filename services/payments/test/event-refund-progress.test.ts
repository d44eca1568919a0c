import { randomUUID } from 'node:crypto'
import {
  type EventId,
  type EventRefunds,
  type OrderId,
  paymentsEventRefundRoutes,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveCancelledEvent } from '../src/event-refunds/cancelled-event-repository.ts'
import { findSagaForUpdate } from '../src/saga/saga-repository.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { ticketTypeId } from './stubs.ts'

let payments: TestService
let operator: ReturnType<typeof clientOf>
const clientOf = (headers: Record<string, string>) =>
  injectClient(payments.app, paymentsEventRefundRoutes, headers)
beforeAll(async () => {
  payments = await startService()
  operator = clientOf(await payments.authority.service('boxoffice-cli', 'payment-service'))
})
afterAll(() => payments.stop())

/** Sells two tickets at 50.00 and issues them. */
async function sell(eventId: EventId): Promise<OrderId> {
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { eventId }))
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
  return orderId
}
async function refund(orderId: OrderId, tickets: 'ALL' | 'ONE'): Promise<void> {
  const admin = payments.clientOf((await payments.authority.user(['USER', 'ADMIN'])).headers)
  const [ticket] = payments.stub.issued.get(orderId) ?? []
  const some = tickets === 'ONE' && ticket ? { ticketIds: [ticket.ticketId] } : {}
  expect((await admin.refundOrder({ params: { orderId }, body: { reason: 'x', ...some } })).status).toBe(202)
  await until(async () =>
    expect(await payments.order(orderId)).toMatchObject({
      refundedAmount: tickets === 'ONE' ? 5_000 : 10_000,
    }),
  )
}
const cancel = (eventId: EventId) => payments.deps.db.transact((tx) => saveCancelledEvent(tx, eventId))
const list = async (query: Parameters<typeof operator.listEventRefunds>[0]['query']) =>
  (await operator.listEventRefunds({ query })).body
/** Waits until the refunds of an event are like this. */
const becomes = (eventId: EventId, progress: Partial<EventRefunds>) =>
  until(async () => {
    const { events } = await list({ eventId })
    expect(events).toMatchObject([progress])
    return events[0]
  })

test("operators see a cancelled event's refunds: in progress, failing with reason, finished", async () => {
  const eventId = randomUUID() as EventId
  await sell(randomUUID() as EventId)
  const [, partly, before] = [await sell(eventId), await sell(eventId), await sell(eventId)]
  await payments.buy('pm_card_visa_chargeDeclined', { eventId })
  await refund(partly, 'ONE')
  await refund(before, 'ALL')
  expect(await list({ eventId })).toEqual({ events: [], nextCursor: null })

  payments.stub.state.isDown = true
  await cancel(eventId)
  await becomes(eventId, { orders: 2, refunded: 0, inProgress: 2, failing: 2 })
  const failing = (await list({ eventId })).events
  expect(failing).toEqual([
    {
      eventId,
      cancelledAt: expect.any(Date),
      orders: 2,
      refunded: 0,
      inProgress: 2,
      failing: 2,
      remaining: 2,
      amounts: [{ currency: 'EUR', refunded: 5_000, remaining: 15_000 }],
      finished: false,
      lastError: expect.stringContaining('tickets'),
    },
  ])
  payments.stub.state.isDown = false
  const finished = await becomes(eventId, { finished: true })
  expect(finished).toEqual({
    eventId,
    cancelledAt: failing[0]?.cancelledAt,
    orders: 2,
    refunded: 2,
    inProgress: 0,
    failing: 0,
    remaining: 0,
    amounts: [{ currency: 'EUR', refunded: 20_000, remaining: 0 }],
    finished: true,
  })
})

test('an order that is paid after its event was cancelled counts, and one that fails does not', async () => {
  const eventId = randomUUID() as EventId
  payments.afterNextCharge(() => cancel(eventId))
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { eventId }))
  await payments.becomes(orderId, 'REFUNDED')
  await payments.buy('pm_card_visa', { eventId })
  await becomes(eventId, {
    orders: 1,
    refunded: 1,
    amounts: [{ currency: 'EUR', refunded: 10_000 as never, remaining: 0 as never }],
    finished: true,
  })
})

test('cancelled events are listed in pages, the latest first', async () => {
  const eventIds = [1, 2, 3].map(() => randomUUID() as EventId)
  for (const eventId of eventIds) await cancel(eventId)
  const first = await list({ limit: 2 })
  const second = await list({ limit: 1, cursor: first.nextCursor ?? '' })
  expect([...first.events, ...second.events].map(({ eventId }) => eventId)).toEqual(eventIds.toReversed())
  expect(first.events[0]).toMatchObject({ orders: 0, remaining: 0, amounts: [] })
})

test('no one else sees the refunds of an event', async () => {
  const { headers } = await payments.authority.user(['USER', 'ORGANIZER'])
  await expect(clientOf(headers).listEventRefunds({ query: {} })).rejects.toMatchObject({ status: 403 })
})
