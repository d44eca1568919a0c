import type {
  EventId,
  Minor,
  OrderId,
  ReservationId,
  SeatId,
  TicketId,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId, reserveForOrder, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

// Every internal call with the wrong order, state, body or owner: what the contract does not promise is
// refused.

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

interface Ids {
  orderId: OrderId
  reservationId: ReservationId
  userId: UserId
}
const ids = ({ orderId, reservationId, userId }: Ids) => ({ orderId, reservationId, userId })
const confirm = (order: Ids) =>
  setting.internal.confirmPurchase({ body: { ...ids(order), holderName: 'Ada' } })
const release = (reservationId: ReservationId, orderId: OrderId) =>
  setting.internal.releaseClaim({ body: { reservationId, orderId, reason: 'PAYMENT_FAILED' } })
/** A user's hold, not claimed by any order. */
async function held(eventId: EventId, typeId: TicketTypeId, quantity = 1) {
  const buyer = await setting.user()
  const answer = await buyer.client.createReservation({
    body: { eventId, ticketRequests: some(typeId, quantity) },
  })
  if (answer.status !== 201) throw new Error(`not reserved: ${answer.status}`)
  return { buyer, userId: buyer.userId, reservationId: answer.body.reservationId }
}
const refusedWith = (status: number, error: string) => ({ status, body: { error } })

describe('reserve', () => {
  const reserve = (body: object) => setting.internal.reserve({ body: body as never })

  test('repeated under its id for other tickets, buyer or event is refused; the first stays', async () => {
    const { eventId, typeId } = await setting.offer(20)
    const other = await setting.offer(20)
    const { reservationId, userId } = await held(eventId, typeId, 2)
    const first = { reservationId, userId, eventId, ticketRequests: some(typeId, 2) }
    expect(await reserve(first)).toMatchObject({ status: 200, body: { tickets: [{ quantity: 2 }] } })
    // The same request in two lines.
    expect(await reserve({ ...first, ticketRequests: [...some(typeId), ...some(typeId)] })).toMatchObject({
      status: 200,
    })
    for (const changed of [
      { ticketRequests: some(typeId, 3) },
      { ticketRequests: some(other.typeId, 2) },
      { ticketRequests: [...some(typeId, 2), ...some(other.typeId)] },
      { userId: newId<UserId>() },
      { eventId: other.eventId, ticketRequests: some(other.typeId, 2) },
    ])
      expect(await reserve({ ...first, ...changed }), JSON.stringify(changed)).toMatchObject(
        refusedWith(409, 'RESERVATION_ID_REUSED'),
      )
    expect(await setting.counters(typeId)).toEqual({ capacity: 20, held: 2, sold: 0 })
  })

  test('of other seats under its id is refused; for the best seats only the number is compared', async () => {
    const { eventId, typeId } = await setting.offerSeats([[6]])
    const ids = { reservationId: newId<ReservationId>(), userId: newId<UserId>(), eventId }
    expect(await reserve({ ...ids, ticketRequests: seats(typeId, '1-A-1', '1-A-2') })).toMatchObject({
      status: 200,
    })
    expect(await reserve({ ...ids, ticketRequests: seats(typeId, '1-A-2', '1-A-1') })).toMatchObject({
      status: 200,
    })
    expect(await reserve({ ...ids, ticketRequests: seats(typeId, '1-A-1', '1-A-3') })).toMatchObject(
      refusedWith(409, 'RESERVATION_ID_REUSED'),
    )
    const best = { ...ids, reservationId: newId<ReservationId>() }
    const bestTwo = [{ ticketTypeId: typeId, quantity: 2, bestAvailable: true }]
    const chosen = await reserve({ ...best, ticketRequests: bestTwo })
    expect(await reserve({ ...best, ticketRequests: bestTwo })).toEqual(chosen)
  })

  test('for an order that has ended, or that holds another reservation, holds nothing', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const over = await reserveForOrder(setting, eventId, typeId)
    await release(over.reservationId, over.orderId)
    const again = {
      ...ids(over),
      reservationId: newId<ReservationId>(),
      eventId,
      ticketRequests: some(typeId),
    }
    expect(await reserve(again)).toMatchObject(refusedWith(409, 'RESERVATION_EXPIRED'))
    const living = await reserveForOrder(setting, eventId, typeId)
    const second = { ...again, orderId: living.orderId, userId: living.userId }
    expect(await reserve(second)).toMatchObject(refusedWith(409, 'ORDER_HAS_RESERVATION'))
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 1, sold: 0 })
  })
})

describe('claim-reservation', () => {
  const claim = (order: Ids) => setting.internal.claimReservation({ body: ids(order) })

  test('is for its buyer, for one order, and for as long as it holds', async () => {
    const { eventId, typeId } = await setting.offer(9)
    const { reservationId, userId } = await held(eventId, typeId)
    const orderId = newId<OrderId>()
    const unknown = refusedWith(404, 'RESERVATION_NOT_FOUND')
    expect(await claim({ reservationId: newId(), orderId, userId })).toMatchObject(unknown)
    expect(await claim({ reservationId, orderId, userId: newId() })).toMatchObject(unknown)
    expect(await claim({ reservationId, orderId, userId })).toMatchObject({ status: 200 })
    expect(await claim({ reservationId, orderId: newId(), userId })).toMatchObject(
      refusedWith(409, 'RESERVATION_IN_PAYMENT'),
    )
    // An order can pay for one reservation only.
    const second = await held(eventId, typeId)
    expect(await claim({ ...second, orderId })).toMatchObject(refusedWith(409, 'ORDER_HAS_RESERVATION'))
    await setting.expire(second.reservationId)
    expect(await claim({ ...second, orderId: newId() })).toMatchObject(
      refusedWith(409, 'RESERVATION_EXPIRED'),
    )
  })
})

describe('release-reservation', () => {
  test('for an order that did not claim it releases nothing', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const order = await reserveForOrder(setting, eventId, typeId)
    const own = await held(eventId, typeId)
    expect(await release(order.reservationId, newId())).toMatchObject({
      status: 200,
      body: { released: false },
    })
    expect(await release(own.reservationId, newId())).toMatchObject({
      status: 200,
      body: { released: false },
    })
    expect(await release(newId(), newId())).toMatchObject({ status: 200, body: { released: false } })
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 2, sold: 0 })
    await confirm(order)
    expect(await release(order.reservationId, order.orderId)).toMatchObject(
      refusedWith(409, 'TICKETS_ISSUED'),
    )
  })
})

describe('confirm-purchase', () => {
  test('issues nothing for an invented order, another buyer, or an unclaimed reservation', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const own = await held(eventId, typeId)
    const order = await reserveForOrder(setting, eventId, typeId)
    const rejected = (reason: string) => ({
      status: 409,
      body: { error: 'ORDER_REJECTED', outcome: 'REJECTED', reason },
    })
    expect(await confirm({ ...own, orderId: newId() })).toMatchObject(rejected('NOT_CLAIMED'))
    expect(await confirm({ ...order, orderId: newId() })).toMatchObject(rejected('NOT_CLAIMED'))
    expect(await confirm({ ...own, orderId: newId(), reservationId: newId() })).toMatchObject(
      rejected('RESERVATION_NOT_FOUND'),
    )
    const { rows } = await setting.deps.pool.query('select from tickets where event_id = $1', [eventId])
    expect(rows).toEqual([])
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 2, sold: 0 })
    expect(await confirm(order)).toMatchObject({ status: 200 })
  })
})

describe('cancel-order-tickets', () => {
  test('of another order’s tickets cancels none; an invented order can never be issued', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const [mine, theirs] = [
      await reserveForOrder(setting, eventId, typeId),
      await reserveForOrder(setting, eventId, typeId),
    ]
    for (const order of [mine, theirs]) await confirm(order)
    const ticketsOf = async (orderId: OrderId) =>
      (await setting.internal.getOrderTickets({ params: { orderId } })).body.tickets
    const ticketIds = (await ticketsOf(theirs.orderId)).map(({ ticketId }) => ticketId)
    const cancel = (orderId: OrderId, named?: TicketId[]) =>
      setting.internal.cancelOrderTickets({ body: { orderId, reason: 'ill', ticketIds: named } })
    expect(await cancel(mine.orderId, ticketIds)).toMatchObject(refusedWith(404, 'TICKET_NOT_FOUND'))
    expect((await ticketsOf(theirs.orderId)).map(({ status }) => status)).toEqual(['ACTIVE'])
    const invented = await reserveForOrder(setting, eventId, typeId)
    expect(await cancel(invented.orderId)).toMatchObject({ status: 200, body: { cancelled: [] } })
    expect(await confirm(invented)).toMatchObject({ status: 409, body: { outcome: 'CANCELLED' } })
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 0, sold: 2 })
  })
})

describe('check-availability', () => {
  const check = (eventId: EventId, ticketRequests: object[]) =>
    setting.internal.checkAvailability({ body: { eventId, ticketRequests: ticketRequests as never } })
  const saying = (error?: string) => ({
    status: 200,
    body: { available: !error, ticketAvailability: [{ available: !error, ...(error && { error }) }] },
  })

  test('answers as a hold would be', async () => {
    const { eventId, typeId } = await setting.offer(8, { maxPerOrder: 6, maxPerUser: 5 })
    expect(await check(eventId, some(typeId, 5))).toMatchObject(saying())
    expect(await check(eventId, some(typeId, 7))).toMatchObject(saying('LIMIT_EXCEEDED'))
    expect(await check(eventId, some(typeId, 6))).toMatchObject(saying('LIMIT_EXCEEDED'))
    // Lines of one type are added up.
    expect(await check(eventId, [...some(typeId, 3), ...some(typeId, 3)])).toMatchObject(
      saying('LIMIT_EXCEEDED'),
    )
    await reserveForOrder(setting, eventId, typeId, 4)
    expect(await check(eventId, some(typeId, 5))).toMatchObject(saying('INSUFFICIENT_INVENTORY'))
  })

  test('refuses more than the gateway would charge, over all lines', async () => {
    const { eventId, typeId, organizer } = await setting.offer(2, { unitPrice: 60_000_000 })
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    const type = {
      eventId,
      name: 'Box',
      unitPrice: 60_000_000 as Minor,
      currency: 'EUR',
      quantity: 2,
    } as const
    const other = await client.createTicketType({ body: type })
    if (other.status !== 201) throw new Error('no type')
    const both = [...some(typeId), ...some(other.body.ticketTypeId)]
    expect(await check(eventId, both)).toMatchObject({ status: 200, body: { available: false } })
    expect(await check(eventId, some(typeId))).toMatchObject(saying())
  })

  test.each(['DRAFT', 'CANCELLED', 'COMPLETED'] as const)('refuses an event that is %s', async (status) => {
    const { event, eventId, typeId } = await setting.offer(5)
    setting.eventInfos.set(eventId, { ...event, status, version: event.version + 1 })
    await setting.deps.pool.query('update event_pictures set status = $2 where event_id = $1', [
      eventId,
      status,
    ])
    expect(await check(eventId, some(typeId))).toMatchObject(saying('EVENT_NOT_ON_SALE'))
  })

  test('refuses when not on sale or taken, and answers 400 for types of another event', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[3]])
    expect(await check(eventId, seats(typeId, '1-A-1'))).toMatchObject(saying())
    await setting.internal.reserve({
      body: { reservationId: newId(), userId: newId(), eventId, ticketRequests: seats(typeId, '1-A-1') },
    })
    expect(await check(eventId, seats(typeId, '1-A-1', '1-A-2'))).toMatchObject(saying('SEATS_TAKEN'))
    const invalid = refusedWith(400, 'VALIDATION_FAILED')
    expect(await check(eventId, [{ ticketTypeId: typeId, seatIds: ['9-Z-9' as SeatId] }])).toMatchObject(
      invalid,
    )
    expect(await check(eventId, some(typeId))).toMatchObject(invalid)
    expect(await check(eventId, some(newId()))).toMatchObject(invalid)
    expect(await check(newId(), some(typeId))).toMatchObject(refusedWith(404, 'EVENT_NOT_FOUND'))
    const salesEndAt = new Date(Date.now() - 1_000)
    await organizer.client.updateTicketType({
      params: { ticketTypeId: typeId },
      body: { salesStartAt: new Date(salesEndAt.getTime() - 1_000), salesEndAt },
    })
    expect(await check(eventId, seats(typeId, '1-A-2'))).toMatchObject(saying('SALES_CLOSED'))
  })
})
