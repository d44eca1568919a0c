import { randomUUID } from 'node:crypto'
import {
  eventDeleted,
  eventUpdated,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  reservationReleased,
  ticketCancelled,
  ticketCheckedIn,
  ticketsGenerated,
  ticketTransferred,
} from '@boxoffice/contracts'
import { buildWithoutRedis, NO_REDIS } from '@boxoffice/service-kit/testing-resilience'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { completedPayment, failedPayment, idOf, purchase, refundOf, snapshot } from './history.ts'
import { startService, type TestService } from './start-service.ts'

let analytics: TestService
let event: Awaited<ReturnType<TestService['publishEvent']>>
let draft: Awaited<ReturnType<TestService['publishEvent']>>
let bought: Awaited<ReturnType<typeof event.sell>>
let buyer: Awaited<ReturnType<TestService['as']>>
let recipient: Awaited<ReturnType<TestService['as']>>
let stranger: Awaited<ReturnType<TestService['as']>>
let otherOrganizer: Awaited<ReturnType<TestService['as']>>
let admin: Awaited<ReturnType<TestService['as']>>

const ofTicket = (index: number, ticketId = bought.tickets[index]?.ticketId) => ({
  ...{
    ...bought.of,
    ticketId,
    ticketNumber: 'TKT-2026-000001',
    ticketTypeId: bought.tickets[index]?.ticketTypeId,
  },
})

beforeAll(async () => {
  analytics = await startService()
  event = await analytics.publishEvent()
  draft = await analytics.publishEvent('DRAFT')
  buyer = await analytics.as()
  recipient = await analytics.as()
  stranger = await analytics.as()
  otherOrganizer = await analytics.as(['USER', 'ORGANIZER'])
  admin = await analytics.as(['USER', 'ADMIN'])
  bought = await event.sell(1, [0, 0, 1, 1], buyer.userId)
  await event.sell(2, [0])
  const passedOn = idOf(event.name, 'passed on')
  await event.publish(ticketTransferred, {
    ...{ ...ofTicket(3), newTicketId: passedOn, recipientId: recipient.userId },
    ...{ recipientEmail: 'ola@example.test', holderName: 'Ola' },
  })
  await event.publish(ticketCheckedIn, { ...ofTicket(2), checkedInAt: '2026-12-24T18:30:00Z' })
  await event.publish(ticketCancelled, { ...ofTicket(0), reason: 'asked', unitPrice: 50, currency: 'EUR' })
  await event.publish(refundProcessed, refundOf(bought, 1, 50, [bought.tickets[0]?.ticketId ?? '']))
  await event.publish(reservationReleased, {
    ...{ reservationId: randomUUID(), eventId: event.eventId, userId: randomUUID(), outcome: 'EXPIRED' },
    ...{ heldAt: '2026-11-28T20:00:00Z', releasedAt: '2026-11-28T20:15:00Z', tickets: [] },
  })
  await until(async () => {
    const { body } = await event.organizer.sales.getSales({ params: { eventId: event.eventId }, query: {} })
    expect(body).toMatchObject({
      totals: { cancelledCount: 1, checkedInCount: 1 },
      refunds: { count: 1 },
      holds: { released: 1 },
    })
    const { body: mine } = await recipient.queries.listSoldTickets({ query: {} })
    expect(mine).toMatchObject({ tickets: [{ status: 'SOLD' }] })
    expect(
      (await draft.organizer.queries.countSoldTickets({ params: { eventId: draft.eventId } })).status,
    ).toBe(200)
  })
})
afterAll(() => analytics?.stop())

describe('tickets', () => {
  test('are listed to their holder, with seat, price and status', async () => {
    const { body } = await buyer.queries.listSoldTickets({ query: {} })
    expect(
      (body as { tickets: { status: string }[] }).tickets.map(({ status }) => status).toSorted(),
    ).toEqual(['CANCELLED', 'CHECKED_IN', 'SOLD', 'TRANSFERRED'])
    const { body: theirs } = await recipient.queries.listSoldTickets({ query: {} })
    expect(theirs).toMatchObject({
      tickets: [
        {
          ...{
            userId: recipient.userId,
            orderId: bought.of.orderId,
            eventId: event.eventId,
            venueId: event.venueId,
          },
          ...{ zoneId: 1, rowLabel: 'A', colLabel: '1x3', price: 1250, currency: 'EUR', status: 'SOLD' },
          createdOn: expect.any(Date),
        },
      ],
    })
    expect((await stranger.queries.listSoldTickets({ query: {} })).body).toEqual({
      tickets: [],
      nextCursor: null,
    })
  })

  test('of an event are listed to its organizer and administrators, page by page', async () => {
    const read: string[] = []
    let cursor: string | undefined
    do {
      const answer = await event.organizer.queries.listSoldTickets({
        query: { eventId: event.eventId, limit: 2, cursor },
      })
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
      read.push(...answer.body.tickets.map(({ ticketId }) => ticketId))
      cursor = answer.body.nextCursor ?? undefined
    } while (cursor)
    expect(new Set(read).size).toBe(6)
    expect(read).toHaveLength(6)
    const query = { eventId: event.eventId }
    expect(await admin.queries.listSoldTickets({ query })).toMatchObject({ status: 200 })
    expect(await stranger.queries.listSoldTickets({ query })).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    })
    const ofDraft = { query: { eventId: draft.eventId } }
    expect(await otherOrganizer.queries.listSoldTickets(ofDraft)).toMatchObject({
      status: 404,
      body: { error: 'EVENT_NOT_FOUND' },
    })
    expect(await draft.organizer.queries.listSoldTickets(ofDraft)).toMatchObject({
      status: 200,
      body: { tickets: [] },
    })
  })

  test('one is for its holder, the organizer of its event and administrators', async () => {
    const params = { ticketId: bought.tickets[1]?.ticketId as never }
    for (const who of [buyer, event.organizer, admin]) {
      expect(await who.queries.getSoldTicket({ params })).toMatchObject({
        status: 200,
        body: { status: 'SOLD', price: 5000 },
      })
    }
    for (const who of [stranger, recipient, otherOrganizer]) {
      expect(await who.queries.getSoldTicket({ params })).toMatchObject({
        status: 404,
        body: { error: 'TICKET_NOT_FOUND' },
      })
    }
    expect(await admin.queries.getSoldTicket({ params: { ticketId: randomUUID() as never } })).toMatchObject({
      status: 404,
    })
  })
})

test('a deleted draft is not found by its organizer either', async () => {
  const gone = await analytics.publishEvent('DRAFT')
  const count = () => gone.organizer.queries.countSoldTickets({ params: { eventId: gone.eventId } })
  await until(async () => expect((await count()).status).toBe(200))
  const { eventId, organizerId } = gone
  await gone.publish(eventDeleted, { eventId, organizerId }, { version: 2 })
  await until(async () => expect((await count()).status).toBe(404))
  expect((await gone.organizer.sales.listSales({ query: {} })).body).toEqual({ events: [], nextCursor: null })
})

describe('figures', () => {
  test('anyone may count what a published event has sold; a draft is for its organizer only', async () => {
    const params = { eventId: event.eventId }
    expect((await analytics.visitor.countSoldTickets({ params })).body).toEqual({
      eventId: event.eventId,
      soldCount: 4,
    })
    expect((await analytics.visitor.countSoldTickets({ params: { eventId: draft.eventId } })).status).toBe(
      404,
    )
    expect(
      (await otherOrganizer.queries.countSoldTickets({ params: { eventId: draft.eventId } })).status,
    ).toBe(404)
    expect(
      (await draft.organizer.queries.countSoldTickets({ params: { eventId: draft.eventId } })).body,
    ).toMatchObject({
      soldCount: 0,
    })
    expect(
      (await analytics.visitor.countSoldTickets({ params: { eventId: randomUUID() as never } })).status,
    ).toBe(404)
  })

  test('revenue is net and for the organizer; a venue that the event never used is not found', async () => {
    const params = { eventId: event.eventId, venueId: event.venueId }
    for (const who of [event.organizer, admin]) {
      expect((await who.queries.getRevenue({ params })).body).toEqual({
        ...params,
        totalRevenue: 12_500,
        currency: 'EUR',
      })
    }
    expect((await buyer.queries.getRevenue({ params })).status).toBe(403)
    const elsewhere = { ...params, venueId: randomUUID() as never }
    expect(await event.organizer.queries.getRevenue({ params: elsewhere })).toMatchObject({
      status: 404,
      body: { error: 'VENUE_NOT_FOUND' },
    })
    const ofDraft = { eventId: draft.eventId, venueId: draft.venueId }
    expect((await draft.organizer.queries.getRevenue({ params: ofDraft })).body).toMatchObject({
      totalRevenue: 0,
    })
    expect((await stranger.queries.getRevenue({ params: ofDraft })).status).toBe(404)
  })

  test('a report shows how an event sells: in total, by type, over time', async () => {
    const { body } = await event.organizer.sales.getSales({ params: { eventId: event.eventId }, query: {} })
    expect(body).toMatchObject({
      ...{ eventId: event.eventId, name: event.name, status: 'PUBLISHED', currency: 'EUR', interval: 'hour' },
      totals: {
        ...{ soldCount: 4, revenue: 12_500, cancelledCount: 1, refundedAmount: 5000, checkedInCount: 1 },
        ...{ capacity: 200, sellThrough: 0.02 },
      },
      byType: [
        { name: 'Balcony', soldCount: 2, revenue: 2500, checkedInCount: 1, capacity: 100, unitPrice: 1250 },
        {
          name: 'Standing',
          soldCount: 2,
          revenue: 10_000,
          cancelledCount: 1,
          refundedAmount: 5000,
          sellThrough: 0.02,
        },
      ],
      holds: { converted: 2, released: 1, conversion: 2 / 3 },
      refunds: { count: 1, amount: 5000 },
      checkIns: { count: 1, rate: 0.25 },
      overTime: [
        {
          ...{ from: new Date('2026-11-28T20:00:00Z'), issuedCount: 5, revenue: 17_500 },
          ...{ cancelledCount: 1, refundedAmount: 5000, checkedInCount: 0 },
        },
        { from: new Date('2026-12-24T18:00:00Z'), issuedCount: 0, checkedInCount: 1 },
      ],
    })
  })

  test('days are those of the event, not of UTC', async () => {
    const other = await analytics.publishEvent()
    await other.publish(
      eventUpdated,
      { ...snapshot(other.name, { timeZone: 'Asia/Tokyo' }), changed: ['timeZone'] },
      { version: 3 },
    )
    await other.sell(1, [0]) // 20:00 UTC is 05:00 of the next day there
    const request = { params: { eventId: other.eventId }, query: { interval: 'day' } } as const
    await until(async () => {
      const { body } = await other.organizer.sales.getSales(request)
      expect(body).toMatchObject({
        timeZone: 'Asia/Tokyo',
        overTime: [{ from: new Date('2026-11-28T15:00:00Z'), issuedCount: 1 }],
      })
    })
  })

  test('a report in days of a zone that the event had before is not served for one in its own', async () => {
    const other = await analytics.publishEvent()
    await other.sell(1, [0])
    const [{ params }, query] = [{ params: { eventId: other.eventId } }, { interval: 'day' } as const]
    const { access, sales } = analytics.deps
    const before = await until(() => access.find(other.eventId))
    await other.publish(
      eventUpdated,
      { ...snapshot(other.name, { timeZone: 'Asia/Tokyo' }), changed: ['timeZone'] },
      { version: 3 },
    )
    await until(async () => {
      expect(await access.find(other.eventId)).toMatchObject({ timeZone: 'Asia/Tokyo' })
      expect(await sales.soldCountOf(other.eventId)).toBe(1)
    })
    // Who has read the event before that reads its sales only now.
    expect((await sales.reportOn(before, 'day')).overTime).toMatchObject([
      { from: new Date('2026-11-27T23:00:00Z') },
    ])
    const { body } = await other.organizer.sales.getSales({ params, query })
    expect(body).toMatchObject({
      timeZone: 'Asia/Tokyo',
      overTime: [{ from: new Date('2026-11-28T15:00:00Z') }],
    })
    expect((await sales.linesOf(before, 'day')).lines).toMatchObject([
      { from: expect.stringContaining('2026-11-27T23:00') },
    ])
    const csv = await analytics.app.inject({
      url: `/api/analytics/events/${other.eventId}/sales?format=csv&interval=day`,
      headers: other.organizer.headers,
    })
    expect(csv.body).toContain('2026-11-29T00:00:00+09:00')
  })

  test.each([
    ['US/Pacific-New', '2026-11-28T00:00:00+00:00'],
    ['+09:00', '2026-11-28T09:00:00+09:00'],
  ])('a zone such as %s, which PostgreSQL has no name for, is read as UTC', async (timeZone, from) => {
    const other = await analytics.publishEvent()
    await other.publish(
      eventUpdated,
      { ...snapshot(other.name, { timeZone }), changed: ['timeZone'] },
      { version: 3 },
    )
    await other.sell(1, [0])
    const request = { params: { eventId: other.eventId }, query: { interval: 'day' } } as const
    await until(async () => {
      const { body } = await other.organizer.sales.getSales(request)
      expect(body).toMatchObject({
        timeZone,
        overTime: [{ from: new Date('2026-11-28T00:00:00Z'), issuedCount: 1 }],
      })
    })
    const url = `/api/analytics/events/${other.eventId}/sales?format=csv&interval=day`
    expect((await analytics.app.inject({ url, headers: other.organizer.headers })).body).toContain(from)
  })

  test('payments are counted as paid, or as failed by reason; a free order is no payment', async () => {
    const other = await analytics.publishEvent()
    const order = (number: number) => purchase(other.name, number, [0, 1])
    const messages = [
      [paymentCompleted, completedPayment(order(1))],
      [paymentCompleted, completedPayment(order(2), 0)],
      [paymentFailed, failedPayment(order(3), 'CARD_DECLINED')],
      [paymentFailed, failedPayment(order(4), 'CARD_DECLINED')],
      [paymentFailed, failedPayment(order(5), 'INSUFFICIENT_FUNDS')],
      [paymentFailed, failedPayment(order(6), 'SEATS_TAKEN', null)],
    ] as const
    for (const [definition, payload] of messages) await other.publish(definition, payload)
    await until(async () => {
      const { body } = await other.organizer.sales.getSales({ params: { eventId: other.eventId }, query: {} })
      expect(body).toMatchObject({
        payments: {
          completed: { count: 1, amount: 6_250 },
          failed: { count: 4, amount: 18_750 },
          failedByReason: [
            { failureReason: 'CARD_DECLINED', count: 2, amount: 12_500 },
            { failureReason: 'INSUFFICIENT_FUNDS', count: 1, amount: 6_250 },
            { failureReason: 'SEATS_TAKEN', count: 1, amount: 0 },
          ],
        },
      })
    })
  })

  test('the time of a ticket is the one that the ticket service says', async () => {
    const other = await analytics.publishEvent()
    const bought = purchase(other.name, 1, [0])
    const createdAt = '2026-11-28T19:59:58.123Z'
    await other.publish(ticketsGenerated, {
      ...bought.payload,
      tickets: bought.tickets.map((ticket) => ({ ...ticket, createdAt })),
    })
    await until(async () => {
      const { body } = await other.organizer.queries.listSoldTickets({ query: { eventId: other.eventId } })
      expect(body).toMatchObject({ tickets: [{ createdOn: new Date(createdAt) }] })
    })
  })

  test('sums may be larger than any amount', async () => {
    const other = await analytics.publishEvent()
    const bought = purchase(other.name, 1, [0, 0, 0])
    const tickets = bought.tickets.map((ticket) => ({ ...ticket, unitPrice: 900_000_000 }))
    await other.publish(ticketsGenerated, { ...bought.payload, tickets })
    await other.publish(refundProcessed, refundOf(bought, 1, 900_000_000, [tickets[0]?.ticketId ?? '']))
    await other.publish(refundProcessed, refundOf(bought, 2, 900_000_000, [tickets[1]?.ticketId ?? '']))
    const params = { eventId: other.eventId, venueId: other.venueId }
    await until(async () => {
      const { body } = await other.organizer.sales.getSales({ params, query: {} })
      expect(body).toMatchObject({
        totals: { revenue: 90_000_000_000, refundedAmount: 180_000_000_000 },
        overTime: [{ revenue: 270_000_000_000, refundedAmount: 180_000_000_000 }],
        refunds: { amount: 180_000_000_000 },
      })
    })
    const csv = await other.organizer.sales.getSales({ params, query: { format: 'csv' } })
    expect(Buffer.from(csv.body as Uint8Array).toString()).toContain('2700000000.00')
  })

  test('as CSV there is one line per period and type, one for other refunds, and no formula', async () => {
    const other = await analytics.publishEvent()
    await other.publish(
      eventUpdated,
      { ...snapshot(other.name, { name: 'Zażółć / 1' }), changed: ['name'] },
      { version: 3 },
    )
    const bought = await other.sell(1, [0, 1])
    const [balcony, standing] = [bought.tickets[1], bought.tickets[0]]
    await other.publish(refundProcessed, refundOf(bought, 1, 12.5, [balcony?.ticketId ?? '']))
    await other.publish(refundProcessed, refundOf(bought, 2, 7.5)) // by hand: it names no tickets
    const url = `/api/analytics/events/${other.eventId}/sales?format=csv`
    await until(async () => {
      const answer = await analytics.app.inject({ url, headers: other.organizer.headers })
      expect(answer.headers).toMatchObject({
        'content-type': expect.stringMatching(/^text\/csv/),
        'content-disposition':
          'attachment; filename="sales-Zazo-c-1.csv"; ' +
          "filename*=UTF-8''sales-Za%C5%BC%C3%B3%C5%82%C4%87-1.csv",
      })
      const [head, ...lines] = answer.body.replace('\uFEFF', '').trim().split('\r\n')
      expect(head).toBe('from,ticketType,issued,revenue,cancelled,refunded,checkedIn,currency,ticketTypeId')
      expect(lines).toEqual([
        `2026-11-28T21:00:00+01:00,Balcony,1,12.50,0,12.50,0,EUR,${balcony?.ticketTypeId}`,
        `2026-11-28T21:00:00+01:00,Standing,1,50.00,0,0.00,0,EUR,${standing?.ticketTypeId}`,
        '2026-11-28T21:00:00+01:00,,0,0.00,0,7.50,0,EUR,',
      ])
    })
  })

  test('a report is for the organizer of the event only', async () => {
    const query = {}
    const params = { eventId: event.eventId }
    expect((await admin.sales.getSales({ params, query })).status).toBe(200)
    expect((await admin.sales.getSales({ params, query: { format: 'csv' } })).status).toBe(200)
    expect((await otherOrganizer.sales.getSales({ params, query })).status).toBe(403)
    expect((await otherOrganizer.sales.watchSales({ params, query })).status).toBe(403)
    expect((await otherOrganizer.sales.getSales({ params: { eventId: draft.eventId }, query })).status).toBe(
      404,
    )
    expect(
      (await otherOrganizer.sales.watchSales({ params: { eventId: draft.eventId }, query })).status,
    ).toBe(404)
    for (const who of [buyer, stranger]) {
      expect(await who.sales.getSales({ params, query })).toMatchObject({
        status: 403,
        body: { error: 'FORBIDDEN' },
      })
      expect((await who.sales.getSales({ params, query: { format: 'csv' } })).status).toBe(403)
      expect((await who.sales.watchSales({ params, query })).status).toBe(403)
    }
  })

  test("an organizer's overview shows their own events, the latest first, page by page", async () => {
    const query = { limit: 1 }
    const { body } = await event.organizer.sales.listSales({ query })
    expect(body).toMatchObject({
      events: [{ eventId: event.eventId, soldCount: 4, revenue: 12_500, sellThrough: 0.02 }],
    })
    expect((await otherOrganizer.sales.listSales({ query })).body).toEqual({ events: [], nextCursor: null })
    const elsewhere = { query: { venueId: randomUUID() as never } }
    expect((await event.organizer.sales.listSales(elsewhere)).body).toEqual({ events: [], nextCursor: null })
  })
})

test('health names the queries, and how far the read side is behind', async () => {
  await until(async () => {
    expect((await analytics.visitor.getQueryHealth({})).body).toEqual({
      status: 'UP',
      lagSeconds: 0,
      endpoints: [
        '/api/v1/tickets',
        '/api/v1/tickets/{ticketId}',
        '/api/v1/tickets/count/{eventId}',
        '/api/v1/tickets/revenue/{venueId}/{eventId}',
      ],
    })
  })
  const health = await analytics.app.inject('/actuator/health')
  expect(health.json()).toMatchObject({
    status: 'UP',
    components: { database: 'UP', redis: 'UP', projection: 'UP' },
  })
})

test('an invalid message is a dead letter; a repetition under another id changes nothing', async () => {
  const count = async () =>
    (await analytics.visitor.countSoldTickets({ params: { eventId: event.eventId } })).body
  const figures = async () =>
    (await admin.ops.getHandlers({})).body.handlers.find(({ eventType }) => eventType === 'TICKETS_GENERATED')
  const [before, { done = 0 } = {}] = [await count(), await figures()]
  await analytics.say(ticketsGenerated, { messageId: randomUUID(), payload: { orderId: 'none' } })
  const { rows } = await analytics.deps.pool.query(
    `select body from (select event_type, body from outbox
       union all select event_type, body from message_archive) said
     where event_type = 'TICKETS_GENERATED' and body->'payload'->>'orderId' = $1`,
    [bought.of.orderId],
  )
  await analytics.say(ticketsGenerated, { ...rows[0].body, messageId: randomUUID() })
  await until(async () => expect(await figures()).toMatchObject({ dead: 1, done: done + 1 }))
  expect(await count()).toEqual(before)
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: { ...analytics.deps.config, cacheRedisUrl: NO_REDIS },
    callees,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(callees).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP', projection: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
