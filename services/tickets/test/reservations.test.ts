import type { EventId, OrderId, Refusal, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createExpirySweep } from '../src/reservations/sweeps.ts'
import { newId, reserveForOrder, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

async function reserve(
  eventId: EventId,
  typeId: TicketTypeId,
  quantity = 1,
  buyer?: Awaited<ReturnType<TestService['user']>>,
) {
  const { client } = buyer ?? (await setting.user())
  return client.createReservation({ body: { eventId, ticketRequests: some(typeId, quantity) } })
}
async function made(
  eventId: EventId,
  typeId: TicketTypeId,
  quantity: number,
  buyer?: Awaited<ReturnType<TestService['user']>>,
) {
  const answer = await reserve(eventId, typeId, quantity, buyer)
  if (answer.status !== 201) throw new Error(`not reserved: ${JSON.stringify(answer)}`)
  return answer.body
}

describe('a reservation', () => {
  test('holds tickets at a fixed price and is visible to its buyer only', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const buyer = await setting.user()
    const reservation = await made(eventId, typeId, 2, buyer)
    expect(reservation).toMatchObject({
      status: 'ACTIVE',
      reserved: true,
      totalAmount: 10_000,
      currency: 'EUR',
      tickets: [{ ticketTypeId: typeId, quantity: 2, unitPrice: 5_000, totalPrice: 10_000 }],
    })
    const params = { reservationId: reservation.reservationId }
    expect((await buyer.client.getReservation({ params })).body).toEqual(reservation)
    expect((await (await setting.user()).client.getReservation({ params })).status).toBe(404)
    expect((await (await setting.user()).client.releaseReservation({ params })).status).toBe(404)
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 2, sold: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
  })

  test('is refused before anything is held where the gateway would not charge its total', async () => {
    const { eventId, typeId } = await setting.offer(10, { unitPrice: 33_333_333 })
    expect(await reserve(eventId, typeId, 3)).toMatchObject({
      status: 201,
      body: { totalAmount: 99_999_999 },
    })
    expect(await reserve(eventId, typeId, 4)).toMatchObject({
      status: 409,
      body: {
        error: 'LIMIT_EXCEEDED',
        message: 'an order can come to €999,999.99 at most: buy fewer at once',
      },
    })
    expect(await setting.counters(typeId)).toMatchObject({ held: 3 })
  })

  test('is refused as a whole when not enough are left', async () => {
    const { eventId, typeId, organizer } = await setting.offer(3)
    const other = await (await setting.user(['ORGANIZER'], organizer.userId)).client.createTicketType({
      body: { eventId, name: 'Seated', unitPrice: 7_000 as never, currency: 'EUR', quantity: 10 },
    })
    if (other.status !== 201) throw new Error('no second type')
    const buyer = await setting.user()
    const answer = await buyer.client.createReservation({
      body: { eventId, ticketRequests: [...some(other.body.ticketTypeId, 2), ...some(typeId, 4)] },
    })
    expect(answer).toMatchObject({ status: 409, body: { reserved: false, error: 'INSUFFICIENT_INVENTORY' } })
    expect(await setting.counters(other.body.ticketTypeId)).toMatchObject({ held: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3, [other.body.ticketTypeId]: 10 })
  })

  test('is released by its buyer, as often as they like, and its places are free again', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const buyer = await setting.user()
    const { reservationId } = await made(eventId, typeId, 2, buyer)
    expect(await reserve(eventId, typeId)).toMatchObject({ status: 409 })
    for (let times = 0; times < 2; times++) {
      expect((await buyer.client.releaseReservation({ params: { reservationId } })).status).toBe(204)
    }
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 2 })
    expect((await reserve(eventId, typeId, 2)).status).toBe(201)
  })

  test('keeps the limits: per order, per person over all reservations, and three at a time', async () => {
    const limited = await setting.offer(50, { maxPerOrder: 4, maxPerUser: 5 })
    const buyer = await setting.user()
    const twice = await buyer.client.createReservation({
      body: {
        eventId: limited.eventId,
        ticketRequests: [...some(limited.typeId, 3), ...some(limited.typeId, 2)],
      },
    })
    expect(twice).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED' } })
    await made(limited.eventId, limited.typeId, 4, buyer)
    expect(await reserve(limited.eventId, limited.typeId, 2, buyer)).toMatchObject({
      body: { error: 'LIMIT_EXCEEDED' },
    })
    expect((await reserve(limited.eventId, limited.typeId, 1, buyer)).status).toBe(201)

    const free = await setting.offer(50)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => reserve(free.eventId, free.typeId, 1, buyer)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409])
    expect(await setting.counters(free.typeId)).toMatchObject({ held: 3 })
    expect(await setting.commands.free(free.eventId)).toEqual({ [free.typeId]: 47 })
  })

  test("is refused for another event's type, an unknown event, and one that is not on sale", async () => {
    const { eventId, typeId } = await setting.offer(5)
    const other = await setting.offer(5)
    expect(await reserve(eventId, other.typeId)).toMatchObject({
      status: 400,
      body: { error: 'VALIDATION_FAILED', details: [{ path: 'body.ticketRequests.0.ticketTypeId' }] },
    })
    expect(await reserve(newId(), typeId)).toMatchObject({ status: 404, body: { error: 'EVENT_NOT_FOUND' } })
    const update = (changes: string) =>
      setting.deps.pool.query(`update event_pictures set ${changes} where event_id = $1`, [eventId])
    await update(`status = 'CANCELLED'`)
    expect(await reserve(eventId, typeId)).toMatchObject({
      status: 409,
      body: { reserved: false, error: 'EVENT_NOT_ON_SALE' },
    })
    await update(`status = 'PUBLISHED', event_date = clock_timestamp() - interval '1 hour'`)
    expect(await reserve(eventId, typeId)).toMatchObject({ status: 409, body: { error: 'SALES_CLOSED' } })
    await update(`end_date = clock_timestamp() - interval '1 minute'`)
    expect(await reserve(eventId, typeId)).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_ON_SALE' },
    })
  })

  test('is possible the moment the event is published, even before its message arrives', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const event = setting.addEvent({ organizerId: organizer.userId, status: 'DRAFT', version: 1 })
    const type = await organizer.client.createTicketType({
      body: {
        eventId: event.eventId,
        name: 'Standing',
        unitPrice: 5_000 as never,
        currency: 'EUR',
        quantity: 5,
      },
    })
    if (type.status !== 201) throw new Error('no type')
    expect(await reserve(event.eventId, type.body.ticketTypeId)).toMatchObject({
      body: { error: 'EVENT_NOT_ON_SALE' },
    })
    // A draft is not revealed to a caller who does not know its types.
    const stranger = await reserve(event.eventId, newId<TicketTypeId>())
    const unknown = await reserve(newId<EventId>(), newId<TicketTypeId>())
    const withoutIds = ({ message, requestId: _, ...body }: Refusal) => ({
      ...body,
      message: message.replace(/[0-9a-f-]{36}/, ''),
    })
    expect(stranger).toMatchObject({ status: 404, body: { error: 'EVENT_NOT_FOUND' } })
    expect(withoutIds(stranger.body as Refusal)).toEqual(withoutIds(unknown.body as Refusal))
    setting.eventInfos.set(event.eventId, { ...event, status: 'PUBLISHED', version: 2 })
    expect((await reserve(event.eventId, type.body.ticketTypeId)).status).toBe(201)
  })
})

describe('an expired reservation', () => {
  test('is taken over at once by the next buyer of its places, even if Redis still counts it', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const { reservationId } = await made(eventId, typeId, 2)
    await setting.expire(reservationId)
    expect((await reserve(eventId, typeId, 2)).status).toBe(201)
    expect(await setting.statusOf(reservationId)).toBe('EXPIRED')
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 2, sold: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 0 })
  })

  test('is swept in batches, and its buyer sees that it is over before that', async () => {
    const { eventId, typeId } = await setting.offer(500)
    const buyers = await Promise.all(Array.from({ length: 5 }, () => setting.user()))
    const reservations = await Promise.all(buyers.map((buyer) => made(eventId, typeId, 2, buyer)))
    for (const { reservationId } of reservations) await setting.expire(reservationId)
    const params = { reservationId: (reservations[0] as { reservationId: ReservationId }).reservationId }
    expect(await buyers[0]?.client.getReservation({ params })).toMatchObject({ body: { status: 'EXPIRED' } })
    expect(await setting.counters(typeId)).toMatchObject({ held: 10 })
    await createExpirySweep(setting.deps)()
    expect(await setting.counters(typeId)).toMatchObject({ held: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 500 })
  })

  test('can no longer be claimed, and an unexpired one is never given to another buyer', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const buyer = await setting.user()
    const { reservationId } = await made(eventId, typeId, 1, buyer)
    expect(await reserve(eventId, typeId)).toMatchObject({
      status: 409,
      body: { error: 'INSUFFICIENT_INVENTORY' },
    })
    await setting.expire(reservationId)
    const body = { reservationId, orderId: newId<OrderId>(), userId: buyer.userId }
    expect(await setting.internal.claimReservation({ body })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_EXPIRED' },
    })
  })
})

describe('a crowd', () => {
  test('of 200 gets exactly the 100 places there are, and Redis agrees with the database', async () => {
    const { eventId, typeId } = await setting.offer(100)
    const buyers = await Promise.all(Array.from({ length: 200 }, () => setting.user()))
    const answers = await Promise.all(buyers.map((buyer) => reserve(eventId, typeId, 1, buyer)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(100)
    expect(statuses.filter((status) => status === 409)).toHaveLength(100)
    expect(await setting.counters(typeId)).toEqual({ capacity: 100, held: 100, sold: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 0 })
  })
})

describe('while an offer is cached', () => {
  test('what was made just now is sold all the same, and what changed is held at its new price', async () => {
    const caching = await startService({ OFFER_CACHE_MS: '60000' })
    const { eventId, typeId, organizer } = await caching.offer(10)
    expect((await reserveForOrder(caching, eventId, typeId)).answer.status).toBe(200)
    const { client } = await caching.user(['ORGANIZER'], organizer.userId)
    const added = await client.createTicketType({
      body: { eventId, name: 'Balcony', unitPrice: 7_000 as never, currency: 'EUR', quantity: 10 },
    })
    if (added.status !== 201) throw new Error('no second type')
    expect((await reserveForOrder(caching, eventId, added.body.ticketTypeId)).answer.status).toBe(200)
    await client.updateTicketType({ params: { ticketTypeId: typeId }, body: { unitPrice: 9_000 as never } })
    expect((await reserveForOrder(caching, eventId, typeId)).answer).toMatchObject({
      body: { totalAmount: 9_000 },
    })
    await caching.close()
  })
})
