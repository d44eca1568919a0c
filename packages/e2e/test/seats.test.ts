import { randomUUID } from 'node:crypto'
import type { Minor, SeatId } from '@boxoffice/contracts'
import { extractText } from 'unpdf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishSeatedEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let buyer: Person
let rival: Person
let sale: Awaited<ReturnType<typeof publishSeatedEvent>>

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  rival = await running.person({ firstName: 'Robert', lastName: 'Rywal' })
  sale = await publishSeatedEvent(organizer, 'Dwanaście krzeseł')
})
afterAll(() => running?.expectDocumented())

const seats = (...ids: string[]) => ids as SeatId[]
const statuses = async () => {
  const { statuses } = expectStatus(await buyer.tickets.getSeatMap({ query: { eventId: sale.eventId } }), 200)
  return statuses
}
/** `1-A-3` is the third character: two rows of ten, in plan order. */
const statusOf = async (seatId: string) => {
  const [, row, column] = seatId.split('-')
  return (await statuses())[(row === 'A' ? 0 : 10) + Number(column) - 1]
}
const order = (person: Person, ticketRequests: object[], over: object = {}) =>
  person.payments.createOrder({
    headers: { 'idempotency-key': randomUUID() },
    body: {
      eventId: sale.eventId,
      ticketRequests: ticketRequests as never,
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'Zofia Łącka',
      ...over,
    },
  })

describe('a seat', () => {
  test('that is chosen is held, paid, and printed on the ticket, in the mail and in the PDF', async () => {
    expect(await statuses()).toBe('.'.repeat(20))
    const reservation = expectStatus(
      await buyer.tickets.createReservation({
        body: {
          eventId: sale.eventId,
          ticketRequests: [{ ticketTypeId: sale.ticketTypeId, seatIds: seats('1-A-3', '1-A-4') }],
        },
      }),
      201,
    )
    expect(reservation).toMatchObject({
      totalAmount: 15_000,
      tickets: [{ quantity: 2, seatIds: ['1-A-3', '1-A-4'] }],
    })
    expect(await statuses()).toBe(`..hh${'.'.repeat(16)}`)

    const bought = expectStatus(await buyer.pay(reservation.reservationId), 201)
    const confirmed = await buyer.waitForOrder(bought.orderId, ({ status }) => status === 'CONFIRMED')
    expect(confirmed.items).toMatchObject([{ seatIds: ['1-A-3', '1-A-4'] }])
    expect(await statuses()).toBe(`..ss${'.'.repeat(16)}`)
    const { tickets } = expectStatus(await buyer.tickets.listMyTickets({ query: {} }), 200)
    expect(tickets.map(({ seat }) => seat)).toEqual(
      expect.arrayContaining([
        { zoneId: 1, rowLabel: 'A', colLabel: '3' },
        { zoneId: 1, rowLabel: 'A', colLabel: '4' },
      ]),
    )
    const mail = await running.mails.waitFor(buyer.email, /Dwanaście krzeseł/)
    const pdfs = mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')
    const texts = await Promise.all(
      pdfs.map(async ({ content }) => {
        const { text } = await extractText(new Uint8Array(Buffer.from(content, 'base64')), {
          mergePages: true,
        })
        return text
      }),
    )
    expect(texts.join(' ')).toMatch(/\bA\b.*\b3\b/s)
    expect(mail.body.text).toMatch(/row A, seat 3/i)
  })

  test('that two buyers request at once goes to one, and the refusal of the other names it', async () => {
    const request = [{ ticketTypeId: sale.ticketTypeId, seatIds: seats('1-B-5') }]
    const answers = await Promise.all([
      order(buyer, request),
      order(rival, request),
      order(buyer, request),
      order(rival, request),
    ])
    const [won] = answers.filter(({ status }) => status === 201)
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    for (const { status, body } of answers) {
      if (status === 409) expect(body).toMatchObject({ error: 'SEATS_TAKEN', seatIds: ['1-B-5'] })
    }
    expect(won?.status).toBe(201)
    expect(['h', 's']).toContain(await statusOf('1-B-5'))
  })

  test('is held with the others of its request or not at all', async () => {
    const refused = await order(rival, [
      { ticketTypeId: sale.ticketTypeId, seatIds: seats('1-B-6', '1-B-5') },
    ])
    expect(refused).toMatchObject({ status: 409, body: { error: 'SEATS_TAKEN', seatIds: ['1-B-5'] } })
    expect(await statusOf('1-B-6')).toBe('.')
  })

  test('is the best available one if none is named, side by side', async () => {
    const reservation = expectStatus(
      await rival.tickets.createReservation({
        body: {
          eventId: sale.eventId,
          ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 3, bestAvailable: true }],
        },
      }),
      201,
    )
    const columns = (reservation.tickets[0]?.seatIds ?? []).map((seatId) => seatId.split('-'))
    expect(new Set(columns.map(([, row]) => row)).size).toBe(1)
    const numbers = columns.map(([, , column]) => Number(column)).toSorted((a, b) => a - b)
    expect(numbers.map((number) => number - (numbers[0] ?? 0))).toEqual([0, 1, 2])
    expectStatus(
      await rival.tickets.releaseReservation({ params: { reservationId: reservation.reservationId } }),
      204,
    )
  })

  test.each([
    ['outside the zones of the type', [{ seatIds: ['2-A-1'] }]],
    ['missing from the plan', [{ seatIds: ['1-Z-1'] }]],
    ['named twice', [{ seatIds: ['1-A-9', '1-A-9'] }]],
    ['of a seated type, by number alone', [{ quantity: 1 }]],
  ])('%s is a 400', async (_what, lines) => {
    const ticketRequests = lines.map((line) => ({ ticketTypeId: sale.ticketTypeId, ...line }))
    const answer = await buyer.tickets.createReservation({
      body: { eventId: sale.eventId, ticketRequests: ticketRequests as never },
    })
    expect(answer).toMatchObject({ status: 400, body: { error: 'VALIDATION_FAILED' } })
  })

  test("appears as held and released in the map's stream", async () => {
    const leave = new AbortController()
    const watched = await buyer.tickets.watchSeatMap({
      query: { eventId: sale.eventId },
      signal: leave.signal,
    })
    const items = expectStatus(watched, 200)[Symbol.asyncIterator]()
    const first = (await items.next()).value
    expect(first).toMatchObject({ eventId: sale.eventId, statuses: await statuses() })
    const nextOf = async (seatId: string) => {
      for (;;) {
        const { value } = await items.next()
        const change =
          value &&
          'changes' in value &&
          value.changes.find((each: { seatId: string }) => each.seatId === seatId)
        if (change) return change.status
      }
    }
    const reservation = expectStatus(
      await rival.tickets.createReservation({
        body: {
          eventId: sale.eventId,
          ticketRequests: [{ ticketTypeId: sale.ticketTypeId, seatIds: seats('1-B-10') }],
        },
      }),
      201,
    )
    expect(await nextOf('1-B-10')).toBe('h')
    expectStatus(
      await rival.tickets.releaseReservation({ params: { reservationId: reservation.reservationId } }),
      204,
    )
    expect(await nextOf('1-B-10')).toBe('.')
    leave.abort()
  })
})

test('an unchanged map is not sent again', async () => {
  const url = `${running.edge}/api/tickets/seats?eventId=${sale.eventId}`
  const etag = (await fetch(url)).headers.get('etag') ?? ''
  expect(etag).not.toBe('')
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
})

test('a plan with seats for sale is frozen, and so is a zone that is sold', async () => {
  const params = { eventId: sale.eventId }
  const { zones } = expectStatus(await organizer.events.getSeatingPlan({ params, query: {} }), 200)
  const smaller = zones.map((zone) => ({ ...zone, rows: zone.rows.slice(0, 1) }))
  expect(await organizer.events.putSeatingPlan({ params, body: { zones: smaller } })).toMatchObject({
    status: 409,
    body: { error: 'PLAN_IN_USE' },
  })
  const again = {
    eventId: sale.eventId,
    name: 'Once more',
    unitPrice: 100 as Minor,
    currency: 'EUR',
    zoneIds: [1],
  } as const
  expect(await organizer.tickets.createTicketType({ body: { ...again, zoneIds: [1] } })).toMatchObject({
    status: 409,
    body: { error: 'ZONE_TAKEN' },
  })
})

test('a hold keeps its price when the price changes; a purchase is refused with the new one', async () => {
  const held = expectStatus(
    await rival.tickets.createReservation({
      body: {
        eventId: sale.eventId,
        ticketRequests: [{ ticketTypeId: sale.ticketTypeId, seatIds: seats('1-A-8') }],
      },
    }),
    201,
  )
  const params = { ticketTypeId: sale.ticketTypeId }
  expectStatus(await organizer.tickets.updateTicketType({ params, body: { unitPrice: 9_000 as Minor } }), 200)
  const paid = expectStatus(await rival.pay(held.reservationId), 201)
  expect(paid.totalAmount).toBe(7_500)
  const request = [{ ticketTypeId: sale.ticketTypeId, seatIds: seats('1-A-9') }]
  const refused = await order(rival, request, { expectedTotal: 7_500 })
  expect(refused).toMatchObject({ status: 409, body: { error: 'PRICE_CHANGED' } })
  expect(await statusOf('1-A-9')).toBe('.')
  const dearer = expectStatus(await order(rival, request, { expectedTotal: 9_000 }), 201)
  expect(dearer.totalAmount).toBe(9_000)
  expect(await running.moneyOf(paid.orderId)).toMatchObject({ captured: 7_500 })
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
