import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishSeatedEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const DAY_MS = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS)
const word = `q${randomUUID().slice(0, 8)}` // unique to this run

let running: TestSystem
let organizer: Person
let customer: Person

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  customer = await running.person({ firstName: 'Klara', lastName: 'Kundin' })
})
afterAll(() => running?.expectDocumented())

const draft = async (over: object = {}) =>
  expectStatus(
    await organizer.events.createEvent({
      body: {
        name: `Wieczór ${word}`,
        description: 'Muzyka dawna.',
        eventDate: inDays(30),
        category: 'MUSIC',
        venueName: 'Filharmonia',
        venueAddress: 'ulica Jasna 5, Łódź',
        ...over,
      },
    }),
    201,
  )
const sell = async (eventId: never) =>
  expectStatus(
    await organizer.tickets.createTicketType({
      body: { eventId, name: 'Standing', unitPrice: 1_000 as never, currency: 'EUR', quantity: 10 },
    }),
    201,
  )
const publish = (eventId: never) => organizer.events.publishEvent({ params: { eventId } })
const found = async (query: object) =>
  expectStatus(await customer.events.listEvents({ query }), 200).events.map(({ name }) => name)

describe('an organizer', () => {
  test('keeps venues and finds them again', async () => {
    const body = {
      name: `Sala ${word}`,
      address: 'Rynek 1',
      city: 'Gdańsk',
      country: 'PL',
      timeZone: 'Europe/Warsaw',
    } as const
    const venue = expectStatus(await organizer.events.createVenue({ body }), 201)
    const { venues } = expectStatus(
      await organizer.events.listVenues({ query: { query: `${word} gdansk` } }),
      200,
    )
    expect(venues).toMatchObject([{ venueId: venue.venueId, city: 'Gdańsk' }])
    const event = await draft({ venueId: venue.venueId, venueName: undefined, venueAddress: undefined })
    expect(event).toMatchObject({ venueName: `Sala ${word}`, timeZone: 'Europe/Warsaw', status: 'DRAFT' })
  })

  test('works on a draft that no one else sees, deletes one, and publishes another', async () => {
    const { eventId } = await draft()
    const params = { eventId }
    expect(await customer.events.getEvent({ params })).toMatchObject({ status: 404 })
    expect(await customer.tickets.listTicketTypes({ query: { eventId } })).toMatchObject({ status: 404 })
    expect(await found({ query: word })).not.toContain(`Wieczór ${word}`)
    expectStatus(await organizer.events.updateEvent({ params, body: { name: `Ranek ${word}` } }), 200)
    await sell(eventId as never)
    expect(expectStatus(await publish(eventId as never), 200).status).toBe('PUBLISHED')
    expect(await found({ query: `ranek ${word}` })).toEqual([`Ranek ${word}`])
    expect(await organizer.events.deleteEvent({ params })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_DRAFT' },
    })

    const other = await draft({ name: `Noc ${word}` })
    expectStatus(await organizer.events.deleteEvent({ params: { eventId: other.eventId } }), 204)
    expect(await organizer.events.getEvent({ params: { eventId: other.eventId } })).toMatchObject({
      status: 404,
    })
  })

  test('replaces a seating plan until its seats are sold', async () => {
    const { eventId } = await draft({ name: `Plan ${word}` })
    const params = { eventId }
    const rows = (labels: string[]) =>
      labels.map((rowLabel) => ({ rowLabel, seats: [{ colLabel: '1' }, { colLabel: '2' }] }))
    const put = (labels: string[]) =>
      organizer.events.putSeatingPlan({
        params,
        body: { zones: [{ zoneId: 1, name: 'Parter', rows: rows(labels) }] },
      })
    expect(expectStatus(await put(['A']), 200)).toMatchObject({ planVersion: 1, seatCount: 2 })
    expect(expectStatus(await put(['A', 'B']), 200)).toMatchObject({ planVersion: 2, seatCount: 4 })
    const twice = JSON.stringify({ zones: [{ zoneId: 1, name: 'Parter', rows: rows(['A', 'A']) }] })
    const refused = await fetch(`${running.edge}/api/events/${eventId}/seating-plan`, {
      method: 'PUT',
      headers: { ...organizer.headers(), 'content-type': 'application/json' },
      body: twice,
    })
    expect(await refused.json()).toMatchObject({
      details: [{ path: 'body.zones.0.rows.1.rowLabel', message: 'is there twice' }],
    })
    expect(await customer.events.getSeatingPlan({ params, query: {} })).toMatchObject({ status: 404 })
    const body = {
      eventId,
      name: 'Parter',
      unitPrice: 2_000 as never,
      currency: 'EUR',
      zoneIds: [1],
    } as const
    expectStatus(await organizer.tickets.createTicketType({ body: { ...body, zoneIds: [1] } }), 201)
    expect(await put(['A'])).toMatchObject({ status: 409, body: { error: 'PLAN_IN_USE' } })
  })
})

describe('a customer', () => {
  test('finds events by word prefixes, without accents, by category, dates and place', async () => {
    const { eventId } = await draft({
      name: `Żółć i Gęśla ${word}`,
      category: 'COMEDY',
      eventDate: inDays(100),
      venueName: 'Teatr Świt',
      venueAddress: 'aleja Słoneczna 3, Zielona Góra',
    })
    await sell(eventId as never)
    expectStatus(await publish(eventId as never), 200)
    const name = `Żółć i Gęśla ${word}`
    for (const query of [
      { query: `zolc ${word}` },
      { query: `GĘŚL ${word}` },
      { query: word, category: 'COMEDY' },
      { query: word, from: inDays(99), to: inDays(101) },
      { query: word, place: 'zielona gora' },
      { query: `${word} swit` },
    ]) {
      expect(await found(query), JSON.stringify(query)).toEqual([name])
    }
    for (const query of [
      { query: `zolc ${word} nosuchword` },
      { query: word, category: 'SPORTS' },
      { query: word, from: inDays(101) },
      { query: word, to: inDays(99), category: 'COMEDY' },
      { query: word, place: 'Radom' },
    ]) {
      expect(await found(query), JSON.stringify(query)).not.toContain(name)
    }
  })
  test('pages through the list and sees every event once', async () => {
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = expectStatus(
        await customer.events.listEvents({ query: { limit: 1, query: word, ...(cursor && { cursor }) } }),
        200,
      )
      names.push(...page.events.map((event) => event.name))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect(names.length).toBeGreaterThanOrEqual(2)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the limits of a sale', () => {
  const reserve = (person: Person, eventId: never, ticketRequests: object[]) =>
    person.tickets.createReservation({ body: { eventId, ticketRequests: ticketRequests as never } })

  test('apply per order, per user, to live reservations, and to the sales period', async () => {
    const { eventId } = await draft({ name: `Granice ${word}` })
    const type = async (over: object) =>
      expectStatus(
        await organizer.tickets.createTicketType({
          body: {
            eventId,
            name: randomUUID(),
            unitPrice: 1_000 as never,
            currency: 'EUR',
            quantity: 10,
            ...over,
          },
        }),
        201,
      ).ticketTypeId
    const few = await type({ maxPerOrder: 2, maxPerUser: 3 })
    const later = await type({ salesStartAt: inDays(1) })
    const over = await type({ salesStartAt: inDays(-2), salesEndAt: inDays(-1) })
    expectStatus(await publish(eventId as never), 200)
    const refused = async (ticketRequests: object[], error: string) =>
      expect(await reserve(customer, eventId as never, ticketRequests)).toMatchObject({
        status: 409,
        body: { reserved: false, error },
      })

    await refused([{ ticketTypeId: few, quantity: 3 }], 'LIMIT_EXCEEDED')
    await refused(
      [
        { ticketTypeId: few, quantity: 1 },
        { ticketTypeId: few, quantity: 2 },
      ],
      'LIMIT_EXCEEDED',
    )
    await refused([{ ticketTypeId: later, quantity: 1 }], 'SALES_CLOSED')
    await refused([{ ticketTypeId: over, quantity: 1 }], 'SALES_CLOSED')
    const request = { eventId, ticketTypeId: few, quantity: 2 }
    const { orderId } = expectStatus(await customer.buy(request), 201)
    await customer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    await refused([{ ticketTypeId: few, quantity: 2 }], 'LIMIT_EXCEEDED')
    expect(await customer.buy(request)).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED' } })
  })

  test('follow an event moved to an earlier day: sales and refunds end at once, on every page', async () => {
    const { eventId } = await draft({ name: `Przeniesione ${word}`, refundableUntil: inDays(29) })
    const { ticketTypeId } = await sell(eventId as never)
    expectStatus(
      await organizer.tickets.updateTicketType({
        params: { ticketTypeId },
        body: { salesEndAt: inDays(28) },
      }),
      200,
    )
    expectStatus(await publish(eventId as never), 200)
    const [eventDate, endDate] = [inDays(5), inDays(5.1)]
    const moved = await organizer.events.updateEvent({ params: { eventId }, body: { eventDate, endDate } })
    expect(expectStatus(moved, 200)).toMatchObject({ endDate, refundableUntil: endDate })
    const { ticketTypes } = expectStatus(await customer.tickets.listTicketTypes({ query: { eventId } }), 200)
    expect(ticketTypes).toMatchObject([{ salesEndAt: endDate }])
  })

  test('let a customer find and extend their reservations from another device', async () => {
    const { eventId } = await draft({ name: `Zgubione ${word}` })
    const { ticketTypeId } = await sell(eventId as never)
    expectStatus(await publish(eventId as never), 200)
    const held = expectStatus(await reserve(customer, eventId as never, [{ ticketTypeId, quantity: 2 }]), 201)
    await customer.signIn()
    const { reservations } = expectStatus(
      await customer.tickets.listReservations({ query: { eventId } }),
      200,
    )
    expect(reservations).toEqual([held])
    const params = { reservationId: held.reservationId }
    const extended = expectStatus(await customer.tickets.extendReservation({ params }), 200)
    expect(extended.expiresAt.getTime()).toBeGreaterThan(held.expiresAt.getTime())
    expect(extended.extendableUntil).toEqual(held.extendableUntil)
    expectStatus(await customer.pay(held.reservationId), 201)
  })

  test('allow several ticket types in one reservation, all or none', async () => {
    const seated = await publishSeatedEvent(organizer, `Mieszane ${word}`)
    const standing = expectStatus(
      await organizer.tickets.createTicketType({
        body: {
          eventId: seated.eventId,
          name: 'Standing',
          unitPrice: 1_500 as never,
          currency: 'EUR',
          quantity: 2,
        },
      }),
      201,
    )
    const lines = (quantity: number) => [
      { ticketTypeId: seated.ticketTypeId, seatIds: ['1-A-1', '1-A-2'] },
      { ticketTypeId: standing.ticketTypeId, quantity },
    ]
    expect(await reserve(customer, seated.eventId as never, lines(3))).toMatchObject({
      status: 409,
      body: { error: 'INSUFFICIENT_INVENTORY' },
    })
    const { statuses } = expectStatus(
      await customer.tickets.getSeatMap({ query: { eventId: seated.eventId } }),
      200,
    )
    expect(statuses).toBe('.'.repeat(20))
    const reservation = expectStatus(await reserve(customer, seated.eventId as never, lines(2)), 201)
    expect(reservation.totalAmount).toBe(2 * 7_500 + 2 * 1_500)
    const { orderId } = expectStatus(await customer.pay(reservation.reservationId), 201)
    const order = await customer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    expect(order.tickets).toHaveLength(4)
    expect(
      await organizer.tickets.updateTicketType({
        params: { ticketTypeId: standing.ticketTypeId },
        body: { quantity: 1 },
      }),
    ).toMatchObject({ status: 409, body: { error: 'BELOW_SOLD', sold: 2 } })
    expect(
      await organizer.tickets.deleteTicketType({ params: { ticketTypeId: standing.ticketTypeId } }),
    ).toMatchObject({
      status: 409,
      body: { error: 'BELOW_SOLD' },
    })
  })

  test('allow three live reservations of one event, and another once one is released', async () => {
    const { eventId } = await draft({ name: `Trzy ${word}` })
    const { ticketTypeId } = await sell(eventId as never)
    expectStatus(await publish(eventId as never), 200)
    const one = () => reserve(customer, eventId as never, [{ ticketTypeId, quantity: 1 }])
    const held = [
      expectStatus(await one(), 201),
      expectStatus(await one(), 201),
      expectStatus(await one(), 201),
    ]
    expect(await one()).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED' } })
    const [first] = held
    expectStatus(
      await customer.tickets.releaseReservation({ params: { reservationId: first?.reservationId as never } }),
      204,
    )
    expectStatus(await one(), 201)
  })
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
