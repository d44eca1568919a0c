import type { NotificationId, OrderId, Ticket, TicketId } from '@boxoffice/contracts'
import { fakeTx } from '@boxoffice/service-kit/testing'
import { buildWithoutRedis } from '@boxoffice/service-kit/testing-resilience'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { markDelivered, markUndelivered } from '../src/issuing/delivery-repository.ts'
import { verifyCode } from '../src/tickets/codes.ts'
import { lockTicketsOfOrder } from '../src/tickets/ticket-repository.ts'
import { readQr } from './read-qr.ts'
import { newId, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

/** A buyer with so many tickets of one order. */
async function buyer(quantity: number) {
  const { eventId, typeId } = await setting.offer(quantity)
  const user = await setting.user()
  const held = await user.client.createReservation({
    body: { eventId, ticketRequests: some(typeId, quantity) },
  })
  if (held.status !== 201) throw new Error('not reserved')
  const order = { reservationId: held.body.reservationId, orderId: newId<OrderId>(), userId: user.userId }
  await setting.issue(order, 'Łucja Ćwik')
  const { tickets } = (await setting.internal.getOrderTickets({ params: { orderId: order.orderId } })).body
  return { ...user, orderId: order.orderId, eventId, tickets, ticket: tickets[0] as Ticket }
}

describe("one's own tickets", () => {
  test('are listed in pages, newest first, each once', async () => {
    const { client, tickets } = await buyer(5)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const answer = await client.listMyTickets({ query: { limit: 2, cursor } })
      if (answer.status !== 200) throw new Error('no list')
      seen.push(...answer.body.tickets.map(({ ticketId }) => ticketId))
      cursor = answer.body.nextCursor ?? undefined
    } while (cursor)
    expect(seen).toHaveLength(5)
    expect(new Set(seen)).toEqual(new Set(tickets.map(({ ticketId }) => ticketId)))
  })

  test('are visible to their owner only, in any form', async () => {
    const { client, ticket } = await buyer(1)
    const stranger = await setting.user()
    const params = { ticketId: ticket.ticketId }
    expect((await client.getTicket({ params })).body).toEqual(ticket)
    for (const call of ['getTicket', 'getTicketQr', 'getTicketPdf'] as const) {
      expect((await stranger.client[call]({ params })).status).toBe(404)
    }
    expect((await stranger.client.listMyTickets({ query: {} })).body).toEqual({
      tickets: [],
      nextCursor: null,
    })
  })

  test('have a code whose image contains what was signed, the same for buyer and mail', async () => {
    const { client, ticket, eventId } = await buyer(1)
    const params = { ticketId: ticket.ticketId }
    const answer = await client.getTicketQr({ params })
    if (answer.status !== 200) throw new Error('no image')
    const png = PNG.sync.read(Buffer.from(answer.body))
    const code = readQr(png.data, png.width) ?? ''
    expect(verifyCode(code, [setting.deps.codeKey])).toEqual({
      ticketId: ticket.ticketId,
      eventId,
      codeVersion: 1,
    })
    expect((await setting.internal.getTicketQrInfo({ params })).body).toEqual(answer.body)
    const pdf = await client.getTicketPdf({ params })
    expect(Buffer.from(pdf.body as Uint8Array).toString('latin1', 0, 5)).toBe('%PDF-')
    expect((await setting.internal.getTicketPdfInfo({ params })).body).toEqual(pdf.body)
  })

  test('are known to other services by their ids; a missing one is a 404 that names it', async () => {
    const { ticket } = await buyer(1)
    expect(await setting.internal.getTicketInfo({ params: { ticketId: ticket.ticketId } })).toEqual({
      status: 200,
      body: ticket,
    })
    const unknown = newId<TicketId>()
    expect(await setting.internal.getTicketInfo({ params: { ticketId: unknown } })).toMatchObject({
      status: 404,
      body: { error: 'TICKET_NOT_FOUND', message: `Ticket with ID ${unknown} not found` },
    })
  })

  test('have no image and no PDF any more once they are cancelled', async () => {
    const { client, ticket, orderId } = await buyer(1)
    const params = { ticketId: ticket.ticketId }
    await setting.internal.cancelOrderTickets({ body: { orderId, reason: 'refunded' } })
    expect(await client.getTicket({ params })).toMatchObject({ body: { status: 'CANCELLED' } })
    for (const answer of [
      await client.getTicketQr({ params }),
      await setting.internal.getTicketPdfInfo({ params }),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { error: 'TICKET_CANCELLED' } })
    }
  })
})

test('the service is ready while its database is available, and reports what is unavailable', async () => {
  const health = await setting.app.inject('/actuator/health')
  expect(health.json()).toMatchObject({
    status: 'UP',
    components: { database: 'UP', redis: 'UP', messaging: 'UP' },
  })
  expect((await setting.app.inject('/api/tickets/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' })
})

test("an order's tickets are found by an index among those of many orders", async () => {
  const { eventId, typeId } = await setting.offer(1)
  const { pool } = setting.deps
  await pool.query(
    `with orders as (
       insert into order_outcomes (order_id, outcome) select gen_random_uuid(), 'ISSUED'
       from generate_series(1, 3000)
       returning order_id, gen_random_uuid() as ticket_id)
     insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id, event_id,
       ordinal, user_id, holder_name, unit_price_minor,
       currency)
     select ticket_id, ticket_id, 'TKT-2020-' || 100000 + row_number() over (), order_id, $1, $2, 1,
       ticket_id, 'Ada', 5000, 'EUR'
     from orders`,
    [typeId, eventId],
  )
  await pool.query('analyze tickets')
  const plans: string[] = []
  const explained = fakeTx(async (sql, values) => {
    const { rows } = await pool.query(`explain ${sql}`, values as unknown[])
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
    return []
  })
  await lockTicketsOfOrder(explained, newId<OrderId>())
  const update = { orderId: newId<OrderId>(), notificationId: newId<NotificationId>(), version: 1 }
  await markDelivered(explained, update, new Date())
  await markUndelivered(explained, update)
  expect(plans).toEqual([1, 2, 3].map(() => expect.stringContaining('tickets_order_idx')))
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: setting.config,
    callees,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(callees).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
