import { randomUUID } from 'node:crypto'
import type { EventId, SalesReport, TicketId } from '@boxoffice/contracts'
import { type Aws, findQueueDepth } from '@boxoffice/messaging'
import { setVisibility } from '@boxoffice/messaging/testing'
import { machineFactor, until } from '@boxoffice/testing'
import { parse as parseCsv } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent, publishSeatedEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { readQrOfPng } from '../src/qr.ts'
import { createRandom } from '../src/random.ts'
import { awsOf } from './aws.ts'
import { commandLineOf } from './operator-tools.ts'
import { shuffleQueue } from './shuffle.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let rival: Person
let buyer: Person
let friend: Person
let aws: Aws

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  rival = await running.person({ firstName: 'Robert', lastName: 'Rywal' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  friend = await running.person({ firstName: 'Filip', lastName: 'Φίλος' }, { proven: true })
  aws = awsOf(running.system)
  // Messages that a frozen process had just received are redelivered soon.
  await setVisibility(aws, 'analytics-queue', Math.ceil(5 * machineFactor))
})
afterAll(async () => {
  aws?.close()
  running?.expectDocumented()
})

const reportOf = async (eventId: EventId): Promise<SalesReport> => {
  const report = expectStatus(await organizer.sales.getSales({ params: { eventId }, query: {} }), 200)
  if (report instanceof Uint8Array) throw new Error('asked for JSON')
  return report
}
const codeOf = async (person: Person, ticketId: TicketId) =>
  readQrOfPng(expectStatus(await person.tickets.getTicketQr({ params: { ticketId } }), 200)) ?? ''
const confirmed = async (person: Person, sale: Parameters<Person['buy']>[0]) => {
  const { orderId } = expectStatus(await person.buy(sale), 201)
  const { tickets = [] } = await person.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  return { orderId, ticketIds: tickets.map(({ ticketId }) => ticketId) }
}

describe('one seat at a time', () => {
  test('is bought through payments and read from the read side', async () => {
    const { eventId, event } = await publishSeatedEvent(organizer, 'Seat by seat')
    const seat = { venueId: event.venueId, eventId, zoneId: 1, rowLabel: 'B', colLabel: '7' }
    const key = { 'idempotency-key': randomUUID() }
    const bought = expectStatus(await buyer.v1.buySeat({ body: seat, headers: key }), 201)
    expect(bought).toMatchObject({ status: 'CONFIRMED', ...seat, price: 7_500, currency: 'EUR' })
    expect(expectStatus(await buyer.v1.buySeat({ body: seat, headers: key }), 201)).toEqual(bought)
    expect(expectStatus(await buyer.v1.buySeat({ body: seat }), 409)).toMatchObject({
      error: 'SEATS_TAKEN',
      seatIds: ['1-B-7'],
    })
    const declined = { ...seat, colLabel: '8', paymentToken: 'pm_card_visa_chargeDeclined' }
    expect(expectStatus(await buyer.v1.buySeat({ body: declined }), 402)).toMatchObject({
      failureReason: 'CARD_DECLINED',
    })

    const params = { ticketId: bought.ticketId }
    const found = await until(async () => expectStatus(await buyer.v1.getSoldTicket({ params }), 200))
    expect(found).toMatchObject({
      ...seat,
      ticketId: bought.ticketId,
      userId: buyer.userId,
      price: 7_500,
      status: 'SOLD',
    })
    expect((await rival.v1.getSoldTicket({ params })).status).toBe(404)
    expect(expectStatus(await buyer.v1.listSoldTickets({ query: {} }), 200).tickets).toContainEqual(found)
    const ofEvent = expectStatus(await organizer.v1.listSoldTickets({ query: { eventId } }), 200)
    expect(ofEvent).toEqual({ tickets: [found], nextCursor: null })
    expect((await buyer.v1.listSoldTickets({ query: { eventId } })).status).toBe(403)

    const about = { params: { venueId: event.venueId, eventId } }
    expect(expectStatus(await buyer.v1.countSoldTickets({ params: { eventId } }), 200)).toEqual({
      eventId,
      soldCount: 1,
    })
    expect(expectStatus(await organizer.v1.getRevenue(about), 200)).toMatchObject({
      totalRevenue: 7_500,
      currency: 'EUR',
    })
    expect((await buyer.v1.getRevenue(about)).status).toBe(403)
    expect((await rival.v1.getRevenue(about)).status).toBe(403)
    const health = (await (await fetch(`${running.edge}/api/v1/health`)).json()) as object
    expect(health).toMatchObject({
      status: 'UP',
      endpoints: expect.arrayContaining(['/api/v1/tickets/count/{eventId}']),
    })
  })
})

describe('the sales of an event', () => {
  test('are reported over time and by type, with refunds, admissions and holds; also as CSV', async () => {
    const sale = await publishEvent(organizer, {
      name: 'Well counted',
      quantity: 20,
      unitPrice: 4_000,
      refundableUntil: new Date(Date.now() + 20 * 86_400_000),
    })
    const { eventId, ticketTypeId } = sale
    const first = await confirmed(buyer, { ...sale, quantity: 3 })
    await confirmed(buyer, { ...sale, quantity: 2 })
    const request = { eventId, ticketRequests: [{ ticketTypeId, quantity: 1 }] }
    const { reservationId } = expectStatus(await buyer.tickets.createReservation({ body: request }), 201)
    expectStatus(await buyer.tickets.releaseReservation({ params: { reservationId } }), 204)
    const [used, returned] = first.ticketIds as [TicketId, TicketId]
    const code = await codeOf(buyer, used)
    expectStatus(await organizer.tickets.checkIn({ body: { eventId, code } }), 200)
    const refund = { reason: 'A cold.', ticketIds: [returned] }
    expectStatus(await buyer.payments.refundOrder({ params: { orderId: first.orderId }, body: refund }), 202)

    const report = await until(async () => {
      const now = await reportOf(eventId)
      expect(now.totals).toMatchObject({ soldCount: 4, refundedAmount: 4_000, checkedInCount: 1 })
      expect(now.holds).toMatchObject({ converted: 2, released: 1 })
      return now
    })
    expect(report).toMatchObject({
      eventId,
      name: 'Well counted',
      currency: 'EUR',
      totals: { soldCount: 4, revenue: 16_000, cancelledCount: 1, capacity: 20, sellThrough: 0.2 },
      byType: [
        {
          ticketTypeId,
          name: 'Standing',
          unitPrice: 4_000,
          soldCount: 4,
          cancelledCount: 1,
          checkedInCount: 1,
        },
      ],
      holds: { conversion: 2 / 3 },
      refunds: { count: 1, amount: 4_000 },
      checkIns: { count: 1, rate: 0.25 },
    })
    const sumOf = (
      field: 'issuedCount' | 'revenue' | 'cancelledCount' | 'refundedAmount' | 'checkedInCount',
    ) => report.overTime.reduce((sum, period) => sum + period[field], 0)
    expect([
      sumOf('issuedCount'),
      sumOf('revenue'),
      sumOf('cancelledCount'),
      sumOf('refundedAmount'),
      sumOf('checkedInCount'),
    ]).toEqual([5, 20_000, 1, 4_000, 1])
    const overview = expectStatus(await organizer.sales.listSales({ query: { limit: 100 } }), 200)
    expect(overview.events.find((each) => each.eventId === eventId)).toMatchObject({
      soldCount: 4,
      revenue: 16_000,
    })
    expect(expectStatus(await rival.sales.listSales({ query: {} }), 200).events).toEqual([])
    for (const person of [rival, buyer]) {
      expect((await person.sales.getSales({ params: { eventId }, query: {} })).status).toBe(403)
    }

    const csv = expectStatus(
      await organizer.sales.getSales({ params: { eventId }, query: { format: 'csv' } }),
      200,
    )
    const rows: Record<string, string>[] = parseCsv(Buffer.from(csv as Uint8Array), {
      columns: true,
      bom: true,
    })
    expect(rows.length).toBeGreaterThan(0)
    expect(Object.values(rows[0] ?? {})).toContain('Standing')
  })

  test('are streamed as they change', async () => {
    const sale = await publishEvent(organizer, { name: 'Watched', quantity: 20, unitPrice: 4_000 })
    const watching = new AbortController()
    const { eventId } = sale
    await until(async () =>
      expectStatus(await organizer.sales.getSales({ params: { eventId }, query: {} }), 200),
    )
    const stream = expectStatus(
      await organizer.sales.watchSales({ params: { eventId }, query: {}, signal: watching.signal }),
      200,
    )
    const counts: number[] = []
    for await (const { totals } of stream) {
      counts.push(totals.soldCount)
      if (counts.length === 1) await confirmed(buyer, { ...sale, quantity: 2 })
      if (totals.soldCount === 2) break
    }
    watching.abort()
    expect(counts[0]).toBe(0)
    expect(counts.at(-1)).toBe(2)
  })
})

test("the read side equals the services' data in any order of deliveries, even after a rebuild", async () => {
  const boxoffice = commandLineOf(running)
  const options = { quantity: 400, unitPrice: 2_500, refundableUntil: new Date(Date.now() + 20 * 86_400_000) }
  const sales = await Promise.all(
    ['One', 'Two', 'Three'].map((name) => publishEvent(organizer, { name: `Shuffled ${name}`, ...options })),
  )
  const random = createRandom(20_261_121)
  const people = [buyer, rival]
  const processes = [0, 1].map((instance) => running.system.service('analytics', instance))

  /** Runs one order with one of several fates. */
  const live = async (turn: number) => {
    const person = people[turn % 2] as Person
    const sale = sales[turn % 3] as (typeof sales)[number]
    const { orderId, ticketIds } = await confirmed(person, { ...sale, quantity: 1 + (turn % 3) })
    const [first] = ticketIds as [TicketId]
    const params = { ticketId: first }
    if (turn % 5 === 0)
      expectStatus(await person.payments.refundOrder({ params: { orderId }, body: { reason: 'Ill.' } }), 202)
    if (turn % 5 === 1) {
      const code = await codeOf(person, first)
      expectStatus(await organizer.tickets.checkIn({ body: { eventId: sale.eventId, code } }), 200)
    }
    if (turn % 5 === 2) {
      const body = { email: friend.email, holderName: 'Filip' }
      expect(expectStatus(await person.tickets.transferTicket({ params, body }), 200).status).toBe(
        'COMPLETED',
      )
    }
    if (turn % 5 === 3) {
      const request = {
        eventId: sale.eventId,
        ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 1 }],
      }
      const { reservationId } = expectStatus(await person.tickets.createReservation({ body: request }), 201)
      expectStatus(await person.tickets.releaseReservation({ params: { reservationId } }), 204)
    }
  }
  const liveThrough = async (from: number, to: number) => {
    for (let turn = from; turn < to; turn += 4) {
      await Promise.all(Array.from({ length: Math.min(4, to - turn) }, (_, index) => live(turn + index)))
    }
  }

  /**
   * While consumers are frozen, messages queue up; they are then redelivered in another order, and more than
   * once.
   */
  const shuffledMeanwhile = async (from: number, to: number) => {
    for (const process of processes) process.kill('SIGSTOP')
    await liveThrough(from, to)
    const counts = await until(async () => {
      const { visible = 0 } = (await findQueueDepth(aws, 'analytics-queue')) ?? {}
      expect(visible).toBeGreaterThan(8)
      return shuffleQueue(aws, 'analytics-queue', random)
    })
    for (const process of processes) process.kill('SIGCONT')
    return counts
  }

  await liveThrough(0, 12)
  const before = await shuffledMeanwhile(12, 28)
  const [rebuilt] = await Promise.all([
    boxoffice('analytics', 'rebuild', '--yes', '--json'),
    liveThrough(28, 44),
    // The instance that the operator does not talk to may be the one that runs the rebuild.
    (async () => {
      processes[1]?.kill('SIGKILL')
      await processes[1]?.waitReady()
    })(),
  ])
  expect(rebuilt.stderr).toBe('')
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ status: 'DONE', generation: 2 })
  const after = await shuffledMeanwhile(44, 60)
  expect(Math.min(before.reordered, after.reordered)).toBeGreaterThan(8)
  expect(Math.min(before.repeated, after.repeated)).toBeGreaterThan(2)

  await running.expectAgreement()
  const { stdout } = await boxoffice('analytics', 'status')
  expect(stdout).toMatch(/^generation 2, served since/)
  for (const sale of sales) {
    const about = { params: { venueId: sale.event.venueId, eventId: sale.eventId } }
    const { orders } = expectStatus(
      await organizer.payments.listOrders({ query: { eventId: sale.eventId, limit: 100 } }),
      200,
    )
    const kept = orders.reduce(
      (sum, { totalAmount, refundedAmount }) => sum + (totalAmount ?? 0) - refundedAmount,
      0,
    )
    await until(async () =>
      expect(expectStatus(await organizer.v1.getRevenue(about), 200).totalRevenue).toBe(kept),
    )
  }
})
