import type { Minor, OrderId, TicketTypeChanges } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeType, deleteType } from '../src/types/change-type.ts'
import { newId, reserveFor, reserveForOrder, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const type = { name: 'Standing', unitPrice: 5_000 as Minor, currency: 'EUR', quantity: 10 } as const

describe('ticket types', () => {
  test("are offered by the event's organizer and listed with what is left", async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const event = setting.addEvent({ organizerId: organizer.userId })
    const made = await organizer.client.createTicketType({ body: { ...type, eventId: event.eventId } })
    expect(made).toMatchObject({
      status: 201,
      body: { quantityAvailable: 10, maxPerOrder: 10, salesEndAt: event.eventDate },
    })
    const listed = await setting.visitor.listTicketTypes({ query: { eventId: event.eventId } })
    expect(listed).toMatchObject({ status: 200, body: { ticketTypes: [made.body] } })
  })

  test("are not made for another's event, and a draft of another's is not there at all", async () => {
    const stranger = await setting.user(['ORGANIZER'])
    const published = setting.addEvent()
    const draft = setting.addEvent({ status: 'DRAFT' })
    const refusals = await Promise.all(
      [published.eventId, draft.eventId, newId<typeof draft.eventId>()].map((eventId) =>
        stranger.client.createTicketType({ body: { ...type, eventId } }),
      ),
    )
    expect(refusals.map(({ status, body }) => [status, 'error' in body && body.error])).toEqual([
      [403, 'FORBIDDEN'],
      [404, 'EVENT_NOT_FOUND'],
      [404, 'EVENT_NOT_FOUND'],
    ])
    expect((await stranger.client.listTicketTypes({ query: { eventId: draft.eventId } })).status).toBe(404)
  })

  test('of an event share one currency', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId, status: 'DRAFT' })
    expect((await organizer.client.createTicketType({ body: { ...type, eventId } })).status).toBe(201)
    const other = await organizer.client.createTicketType({ body: { ...type, eventId, currency: 'PLN' } })
    expect(other).toMatchObject({ status: 409, body: { error: 'CURRENCY_MISMATCH' } })
  })

  test.each([
    ['EUR', 0.5],
    ['GBP', 0.3],
    ['CZK', 15],
    ['DKK', 2.5],
    ['PLN', 2],
    ['SEK', 3],
  ])('in %s may be free, or cost what the gateway can charge, from %f on', async (currency, least) => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    const make = (unitPrice: number) =>
      setting.app.inject({
        method: 'POST',
        url: '/api/tickets/types',
        headers: organizer.headers,
        payload: { ...type, eventId, unitPrice, currency },
      })
    for (const price of [0, least, 999_999.99])
      expect((await make(price)).statusCode, String(price)).toBe(201)
    for (const price of [least - 0.01, 1_000_000]) {
      const refused = await make(Math.round(price * 100) / 100)
      expect(refused.statusCode, String(price)).toBe(400)
      expect(refused.json()).toMatchObject({
        error: 'VALIDATION_FAILED',
        details: [{ path: 'body.unitPrice' }],
      })
    }
  })

  test('are created once when the request is repeated under its key', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    const request = { body: { ...type, eventId }, headers: { 'idempotency-key': newId<string>() } }
    const [first, second] = [
      await organizer.client.createTicketType(request),
      await organizer.client.createTicketType(request),
    ]
    expect(second.body).toEqual(first.body)
    const listed = await setting.visitor.listTicketTypes({ query: { eventId } })
    expect(listed).toMatchObject({ body: { ticketTypes: [first.body] } })
  })
})

type Offered = Awaited<ReturnType<TestService['offer']>> | Awaited<ReturnType<TestService['offerSeats']>>
const organizerOf = async ({ organizer }: Offered) =>
  (await setting.user(['ORGANIZER'], organizer.userId)).client
const change = async (offered: Offered, body: TicketTypeChanges) =>
  (await organizerOf(offered)).updateTicketType({ params: { ticketTypeId: offered.typeId }, body })
const remove = async (offered: Offered) =>
  (await organizerOf(offered)).deleteTicketType({ params: { ticketTypeId: offered.typeId } })
const confirm = ({ orderId, reservationId, userId }: Awaited<ReturnType<typeof reserveForOrder>>) =>
  setting.issue({ orderId, reservationId, userId })

/** A change of a type in an uncommitted transaction. */
type Change = (...of: Parameters<typeof deleteType>) => Promise<unknown>

describe('changing a type', () => {
  test('is seen in the list and in Redis at once; null removes what is optional', async () => {
    const offered = await setting.offer(10, { maxPerUser: 5 })
    const salesStartAt = new Date(Date.now() - 60_000)
    const answer = await change(offered, {
      name: 'Floor',
      quantity: 20,
      maxPerOrder: 2,
      maxPerUser: null,
      salesStartAt,
    })
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'Floor', quantityAvailable: 20, maxPerOrder: 2, salesStartAt },
    })
    expect(answer.body).not.toHaveProperty('maxPerUser')
    const { eventId, typeId } = offered
    expect(await setting.visitor.listTicketTypes({ query: { eventId } })).toMatchObject({
      body: { ticketTypes: [answer.body] },
    })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 20 })
  })

  test('keeps the price of what is held; later buyers pay the new one', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const buyer = await setting.user()
    const before = await buyer.client.createReservation({
      body: { eventId, ticketRequests: some(typeId, 2) },
    })
    if (before.status !== 201) throw new Error('not reserved')
    await change(offered, { unitPrice: 9_900 as Minor })
    const { reservationId } = before.body
    const claim = { reservationId, orderId: newId<OrderId>(), userId: buyer.userId }
    expect(await setting.internal.claimReservation({ body: claim })).toMatchObject({
      body: { totalAmount: 10_000 },
    })
    expect((await reserveForOrder(setting, eventId, typeId)).answer).toMatchObject({
      body: { totalAmount: 9_900 },
    })
  })

  test('applies to holds that wait for it: prices, limits, times and deletion', async () => {
    const { pool, findEventReplica } = setting.deps
    const waiting = async () => {
      const { rows } = await pool.query(
        `select count(*)::int as count from pg_stat_activity where datname = current_database()
           and wait_event_type = 'Lock'`,
      )
      return rows[0].count
    }
    /** The results of holds of these quantities that are requested while the type is being changed. */
    async function resultsOf({ eventId, typeId }: Offered, quantities: number[], work: Change) {
      const replica = await findEventReplica(eventId)
      if (!replica) throw new Error('no replica')
      const started = await setting.deps.db.transact(async (tx) => {
        await work(setting.deps, tx, replica, typeId)
        const reserving = quantities.map((quantity) => reserveForOrder(setting, eventId, typeId, quantity))
        // Requests that arrive together wait as one group, or behind one another.
        await until(async () => expect(await waiting()).toBeGreaterThan(0))
        return { reserving }
      })
      return (await Promise.all(started.reserving)).map(({ answer }) => answer)
    }
    const changed =
      (changes: TicketTypeChanges): Change =>
      (deps, tx, replica, typeId) =>
        changeType(deps, tx, replica, typeId, changes)
    const offered = await setting.offer(10)
    expect(
      await resultsOf(offered, [1, 4], changed({ unitPrice: 9_900 as Minor, maxPerOrder: 3 })),
    ).toMatchObject([
      { status: 200, body: { totalAmount: 9_900 } },
      { status: 409, body: { error: 'LIMIT_EXCEEDED' } },
    ])
    expect(
      await resultsOf(offered, [1], changed({ salesEndAt: new Date(Date.now() - 60_000) })),
    ).toMatchObject([{ status: 409, body: { error: 'SALES_CLOSED' } }])
    expect(await resultsOf(await setting.offer(10), [1], deleteType)).toMatchObject([
      { status: 400, body: { details: [{ path: 'body.ticketRequests.0.ticketTypeId' }] } },
    ])
  })

  test('below what is sold and held is refused; holds that are over do not count', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    await confirm(await reserveForOrder(setting, eventId, typeId, 2))
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId, 3) } })
    if (held.status !== 201) throw new Error('not reserved')
    expect(await change(offered, { quantity: 4 })).toMatchObject({
      status: 409,
      body: { error: 'BELOW_SOLD', sold: 2, held: 3 },
    })
    expect(await setting.counters(typeId)).toEqual({ capacity: 10, held: 3, sold: 2 })
    await setting.expire(held.body.reservationId)
    expect((await change(offered, { quantity: 2 })).status).toBe(200)
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 2 })
    expect((await reserveForOrder(setting, eventId, typeId)).answer).toMatchObject({ status: 409 })
  })

  test('is refused where it makes no sense', async () => {
    const offered = await setting.offer(10)
    const wrong = async (changes: TicketTypeChanges, path: string, of: Offered = offered) =>
      expect(await change(of, changes)).toMatchObject({ status: 400, body: { details: [{ path }] } })
    await wrong({ unitPrice: 49 as Minor }, 'body.unitPrice')
    await change(offered, { salesEndAt: new Date('2027-01-01') })
    await wrong({ salesStartAt: new Date('2027-01-02') }, 'body.salesEndAt')
    await wrong({ quantity: 2 }, 'body.quantity', await setting.offerSeats([[3]]))
  })

  test("is its organizer's alone, and over when the event is", async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const params = { ticketTypeId: typeId }
    const stranger = await setting.user(['ORGANIZER'])
    const refused = { status: 403, body: { error: 'FORBIDDEN' } }
    expect(await stranger.client.updateTicketType({ params, body: { name: 'Mine' } })).toMatchObject(refused)
    expect(await stranger.client.deleteTicketType({ params })).toMatchObject(refused)
    const nowhere = { params: { ticketTypeId: newId<typeof typeId>() }, body: {} }
    expect(await stranger.client.updateTicketType(nowhere)).toMatchObject({
      status: 404,
      body: { error: 'TICKET_TYPE_NOT_FOUND' },
    })
    await setting.deps.pool.query(`update event_pictures set status = 'COMPLETED' where event_id = $1`, [
      eventId,
    ])
    const over = { status: 409, body: { error: 'EVENT_NOT_EDITABLE' } }
    expect(await change(offered, { name: 'Late' })).toMatchObject(over)
    expect(await remove(offered)).toMatchObject(over)
  })
})

describe('deleting a type', () => {
  test('takes it out of the offer, though it was reserved once', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } })
    if (held.status !== 201) throw new Error('not reserved')
    expect(await remove(offered)).toMatchObject({
      status: 409,
      body: { error: 'BELOW_SOLD', sold: 0, held: 1 },
    })
    const params = { reservationId: held.body.reservationId }
    await buyer.client.releaseReservation({ params })
    expect((await remove(offered)).status).toBe(204)
    expect(await setting.visitor.listTicketTypes({ query: { eventId } })).toMatchObject({
      body: { ticketTypes: [] },
    })
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(400)
    expect((await buyer.client.getReservation({ params })).body).toMatchObject({ status: 'CANCELLED' })
    expect((await remove(offered)).status).toBe(404)
  })

  test('is refused once any of it was sold, also when that was cancelled', async () => {
    const offered = await setting.offer(10)
    const order = await reserveForOrder(setting, offered.eventId, offered.typeId)
    await confirm(order)
    await setting.internal.cancelOrderTickets({ body: { orderId: order.orderId, reason: 'refunded' } })
    expect(await remove(offered)).toMatchObject({
      status: 409,
      body: { error: 'BELOW_SOLD', sold: 0, held: 0 },
    })
  })

  test('leaves the seats of its zones for another type to sell', async () => {
    const offered = await setting.offerSeats([[3], [2]])
    const { eventId, organizer, typeId } = offered
    expect((await remove(offered)).status).toBe(204)
    expect(await setting.maps(eventId)).toEqual({ redis: 'xxxxx', postgres: 'xxxxx' })
    expect((await reserveFor(setting, eventId, seats(typeId, '1-A-1'))).answer.status).toBe(400)
    const again = await organizer.client.createTicketType({
      body: { eventId, name: 'Balcony', unitPrice: 3_000 as Minor, currency: 'EUR', zoneIds: [2] },
    })
    if (again.status !== 201) throw new Error('not offered')
    expect(await setting.maps(eventId)).toEqual({ redis: 'xxx..', postgres: 'xxx..' })
    expect((await reserveFor(setting, eventId, seats(again.body.ticketTypeId, '2-A-1'))).answer.status).toBe(
      200,
    )
  })
})
