import { type EventInfo, type Minor, type OrderId, overAt, ticketsOfEventRoutes } from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findReplica, overAtOf } from '../src/event-replicas/replica-repository.ts'
import { account, buyer, codeOf, organizerOf, passOn, show } from './people.ts'
import { newId, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const HOUR_MS = 3_600_000
const fromNow = (hours: number) => new Date(Date.now() + hours * HOUR_MS)
const eventService = async () =>
  injectClient(setting.app, ticketsOfEventRoutes, () =>
    setting.authority.service('event-service', 'ticket-service'),
  )
/** Publishes a change of an event as the event service does. */
async function change(event: EventInfo, changes: Partial<EventInfo>) {
  const { endDate: _, ...rest } = { ...event, version: event.version + 1 }
  const body = {
    ...rest,
    ...('endDate' in changes ? {} : { endDate: event.endDate }),
    ...changes,
  } as EventInfo
  return (await eventService()).putEventReplica({ params: { eventId: event.eventId }, body })
}
const typesOf = async ({ eventId }: Pick<EventInfo, 'eventId'>) => {
  const answer = await setting.visitor.listTicketTypes({ query: { eventId } })
  if (answer.status !== 200) throw new Error('no types')
  return answer.body.ticketTypes
}

describe('an event is over', () => {
  const cases = [
    ['without an end, hours after its start', { eventDate: fromNow(-11), endDate: undefined }, false],
    ['without an end, twelve hours after its start', { eventDate: fromNow(-12), endDate: undefined }, true],
    ['before its end', { eventDate: fromNow(-30), endDate: fromNow(1) }, false],
    ['at its end', { eventDate: fromNow(-2), endDate: fromNow(0) }, true],
  ] as const
  test.each(cases)('for selling and passing on alike, and the door goes on: %s', async (_, dates, isOver) => {
    const offered = await setting.offer(10)
    const { event, eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const guest = await buyer(setting, eventId, some(typeId, 2))
    const friend = await account(setting)
    const code = await codeOf(guest, guest.ticketId)
    await organizer.client.updateTicketType({
      params: { ticketTypeId: typeId },
      body: { salesEndAt: fromNow(40) },
    })
    await change(event, dates)
    const [, second] = guest.tickets
    const answers = {
      reserve: await guest.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } }),
      passOn: await passOn(guest, second?.ticketId as never, friend.email),
      admit: await show(organizer, eventId, code),
    }
    const outcome = Object.fromEntries(
      Object.entries(answers).map(([name, { body }]) => [name, 'error' in body ? body.error : null]),
    )
    expect(outcome).toEqual(
      isOver
        ? { reserve: 'EVENT_NOT_ON_SALE', passOn: 'EVENT_OVER', admit: null }
        : { reserve: null, passOn: null, admit: null },
    )
  })

  test('for payments too: an earlier hold can no longer be claimed', async () => {
    const offered = await setting.offer(5)
    const person = await account(setting)
    const held = await person.client.createReservation({
      body: { eventId: offered.eventId, ticketRequests: some(offered.typeId) },
    })
    if (held.status !== 201) throw new Error('not reserved')
    await change(offered.event, { eventDate: fromNow(-3), endDate: fromNow(-1) })
    const claim = { reservationId: held.body.reservationId, orderId: newId<OrderId>(), userId: person.userId }
    expect(await setting.internal.claimReservation({ body: claim })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_ON_SALE', message: 'the event is over' },
    })
  })

  test.each([
    ['runs late', fromNow(-23), null],
    ['was over a day ago', fromNow(-24), 'EVENT_OVER'],
  ])('and its door closes a day later: an event that %s', async (_, endDate, error) => {
    const offered = await setting.offer(10)
    const organizer = await organizerOf(setting, offered)
    const guest = await buyer(setting, offered.eventId, some(offered.typeId))
    const code = await codeOf(guest, guest.ticketId)
    await change(offered.event, { eventDate: fromNow(-30), endDate, status: 'COMPLETED' })
    const { body } = await show(organizer, offered.eventId, code)
    expect('error' in body ? body.error : null).toBe(error)
  })

  test('and a repeated check-in from before is still answered as admitted', async () => {
    const offered = await setting.offer(10)
    const organizer = await organizerOf(setting, offered)
    const guest = await buyer(setting, offered.eventId, some(offered.typeId))
    const code = await codeOf(guest, guest.ticketId)
    const key = newId<string>()
    const admitted = await show(organizer, offered.eventId, code, { key })
    await change(offered.event, { eventDate: fromNow(-3), endDate: fromNow(-1) })
    expect(await show(organizer, offered.eventId, code, { key })).toEqual(admitted)
  })

  test('by SQL and by TypeScript at the same millisecond', async () => {
    const sql = setting.deps.db
    for (const dates of [
      { endDate: undefined },
      { endDate: fromNow(70) },
      { eventDate: new Date('2028-10-28T20:00:00Z'), endDate: undefined },
    ]) {
      const { event } = await setting.offer(1)
      await change(event, dates)
      const replica = await findReplica(sql, event.eventId)
      const [row] = await sql.query<{ over: Date }>(
        `select ${overAtOf('p')} as over from event_pictures p where event_id = $1`,
        [event.eventId],
      )
      expect(row?.over).toEqual(replica && overAt(replica))
    }
  })
})

describe('sales of a type', () => {
  test('end with the event at the latest: moving it to an earlier day ends them when published', async () => {
    const { event, eventId, organizer, typeId } = await setting.offer(10)
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    const salesEndAt = fromNow(40)
    await client.updateTicketType({ params: { ticketTypeId: typeId }, body: { salesEndAt } })
    expect(await typesOf(event)).toMatchObject([{ salesEndAt }])
    const moved = { eventDate: fromNow(5), endDate: fromNow(8) }
    await change(event, moved)
    expect(await typesOf(event)).toMatchObject([{ salesEndAt: moved.endDate }])
    const sooner = fromNow(4)
    const lowered = await client.updateTicketType({
      params: { ticketTypeId: typeId },
      body: { salesEndAt: sooner },
    })
    expect(lowered).toMatchObject({ status: 200, body: { salesEndAt: sooner } })
    const made = await client.createTicketType({
      body: {
        eventId,
        name: 'Late',
        unitPrice: 0 as Minor,
        currency: 'EUR',
        quantity: 1,
        salesEndAt: fromNow(100),
      },
    })
    expect(made).toMatchObject({ status: 201, body: { salesEndAt: moved.endDate } })
    const never = await client.updateTicketType({
      params: { ticketTypeId: typeId },
      body: { salesStartAt: fromNow(9), salesEndAt: null },
    })
    expect(never).toMatchObject({ status: 400, body: { details: [{ path: 'body.salesStartAt' }] } })
  })
})

describe('a change published by the event service', () => {
  test('counts by its version, and only for the event of the path', async () => {
    const { event } = await setting.offer(1)
    const other = await setting.offer(1)
    expect(await change(event, { name: 'Newer', version: 9 })).toMatchObject({ status: 204 })
    expect(await change(event, { name: 'Older', version: 8 })).toMatchObject({ status: 204 })
    expect(await findReplica(setting.deps.db, event.eventId)).toMatchObject({ name: 'Newer', version: 9 })
    const client = await eventService()
    const mixed = await client.putEventReplica({
      params: { eventId: other.eventId },
      body: { ...event, version: 20 },
    })
    expect(mixed).toMatchObject({ status: 400 })
    const stranger = injectClient(
      setting.app,
      ticketsOfEventRoutes,
      await setting.authority.service('payment-service', 'ticket-service'),
    )
    await expect(
      stranger.putEventReplica({ params: { eventId: event.eventId }, body: event }),
    ).rejects.toThrow('403')
  })

  test('stops sales at once when the event is cancelled, and counts affected tickets', async () => {
    const { event, eventId, typeId } = await setting.offer(10)
    const guest = await buyer(setting, eventId, some(typeId, 3))
    const { orderId } = guest
    const [first] = guest.tickets
    await setting.internal.cancelOrderTickets({
      body: { orderId, ticketIds: [first?.ticketId as never], reason: 'ill' },
    })
    const client = await eventService()
    expect(await client.countTickets({ params: { eventId } })).toEqual({
      status: 200,
      body: { eventId, ticketCount: 2 },
    })
    await change(event, { status: 'CANCELLED', cancellationReason: 'Rain.' })
    expect(
      await guest.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } }),
    ).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_ON_SALE' },
    })
  })
})
