import type { EventId, OrderId, TicketId, TicketTypeId } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { saveReplica } from '../src/event-replicas/replica-repository.ts'
import { type Account, account, buyer, codeOf, organizerOf, passOn, show } from './people.ts'
import { newId, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

/** A guest under this name, with an order issued as the payment service requests it. */
async function guestNamed(eventId: EventId, typeId: TicketTypeId, holderName: string, seatId?: string) {
  const person = await account(setting)
  const held = await person.client.createReservation({
    body: { eventId, ticketRequests: seatId ? seats(typeId, seatId) : some(typeId) },
  })
  if (held.status !== 201) throw new Error('not reserved')
  const order = {
    reservationId: held.body.reservationId,
    orderId: newId<OrderId>(),
    userId: person.userId,
    holderName,
  }
  await setting.issue(order, holderName)
  const { tickets } = (await setting.internal.getOrderTickets({ params: { orderId: order.orderId } })).body
  return {
    ...person,
    ...order,
    ticketId: tickets[0]?.ticketId as TicketId,
    ticketNumber: tickets[0]?.ticketNumber as string,
  }
}
const attendeesOf = async ({ client }: Pick<Account, 'client'>, eventId: EventId, limit = 100) => {
  const { body } = await client.listAttendees({ query: { eventId, limit } })
  if (!('attendees' in body)) throw new Error('no attendees')
  return body.attendees
}

describe('attendees', () => {
  test('are who may come and who came, in pages; who passed a ticket on is replaced', async () => {
    const offered = await setting.offerSeats([[6]])
    const { eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const guests = []
    for (const number of [1, 2, 3, 4])
      guests.push(await guestNamed(eventId, typeId, `Guest ${number}`, `1-A-${number}`))
    const [came, gaveBack, passedOn] = guests as [(typeof guests)[0], (typeof guests)[0], (typeof guests)[0]]
    await show(organizer, eventId, await codeOf(came, came.ticketId), { gate: 'North' })
    await setting.internal.cancelOrderTickets({ body: { orderId: gaveBack.orderId, reason: 'refunded' } })
    const friend = await account(setting)
    await passOn(passedOn, passedOn.ticketId, friend.email, { holderName: 'A friend' })

    const all = await attendeesOf(organizer, eventId)
    expect(all.map(({ holderName, status, seat }) => [holderName, status, seat?.colLabel])).toEqual([
      ['Guest 1', 'CHECKED_IN', '1'],
      ['Guest 2', 'CANCELLED', '2'],
      ['Guest 4', 'ACTIVE', '4'],
      ['A friend', 'ACTIVE', '3'],
    ])
    expect(all[0]).toEqual({
      ticketId: came.ticketId,
      ticketNumber: came.ticketNumber,
      orderId: came.orderId,
      holderName: 'Guest 1',
      ticketTypeName: 'Stalls',
      seat: { zoneId: 1, rowLabel: 'A', colLabel: '1' },
      section: 'Zone 1',
      status: 'CHECKED_IN',
      checkedInAt: expect.any(Date),
      gate: 'North',
      createdAt: expect.any(Date),
    })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const { body } = await organizer.client.listAttendees({ query: { eventId, limit: 3, cursor } })
      if (!('attendees' in body)) throw new Error('no attendees')
      seen.push(...body.attendees.map(({ ticketId }) => ticketId))
      cursor = body.nextCursor ?? undefined
    } while (cursor)
    expect(seen).toEqual(all.map(({ ticketId }) => ticketId))
  })

  test('are a spreadsheet that any program reads, in which no name is a formula', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const names = [
      '=1+1',
      '+48221234567',
      '-2',
      '@sum(a1)',
      'Łucja "Lu" Ćwik, z Łodzi',
      "=cmd|' /C calc'!A0",
      '＝1',
    ]
    const numbers: string[] = []
    for (const name of names) numbers.push((await guestNamed(eventId, typeId, name)).ticketNumber)
    const answer = await setting.app.inject({
      url: `/api/tickets/attendees?eventId=${eventId}&format=csv`,
      headers: organizer.headers,
    })
    expect(answer.headers['content-type']).toMatch(/^text\/csv/)
    expect(answer.headers['content-disposition']).toBe(
      'attachment; filename="attendees-odz-Jazz-Night.csv"; ' +
        "filename*=UTF-8''attendees-%C5%81%C3%B3d%C5%BA-Jazz-Night.csv",
    )
    const lines = answer.rawPayload.toString('utf8').split('\r\n')
    expect(lines[0]).toBe(
      '\ufeffticketNumber,holderName,ticketTypeName,seat,section,row,number,status,checkedInAt,gate,' +
        'createdAt,ticketId,orderId,stoppedAt,stopReason,stopNote',
    )
    expect(lines.at(-1)).toBe('')
    const cells = lines.slice(1, -1).map((line) => line.replace(/,Standing,,,,,ACTIVE,,,.*$/, ''))
    expect(cells).toEqual(
      [
        `'=1+1`,
        `'+48221234567`,
        `'-2`,
        `'@sum(a1)`,
        `"Łucja ""Lu"" Ćwik, z Łodzi"`,
        `'=cmd|' /C calc'!A0`,
        `'＝1`,
      ].map((name, index) => `${numbers[index]},${name}`),
    )
    expect((await organizer.client.listAttendees({ query: { eventId, format: 'csv' } })).body).toEqual(
      new Uint8Array(answer.rawPayload),
    )
  })

  test('are all in the spreadsheet, however many', async () => {
    const offered = await setting.offer(3_000)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const { orderId, userId } = await guestNamed(eventId, typeId, 'First')
    await query(
      `insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id,
         event_id, ordinal, user_id, holder_name, unit_price_minor,
         currency)
       select n.id, n.id, 'TKT-1999-' || lpad(n.ordinal::text, 6, '0'), $1, $2, $3, n.ordinal + 1, $4,
         'Guest', 5000, 'EUR'
       from (select gen_random_uuid() as id, ordinal from generate_series(1, 2499) ordinal) n`,
      [orderId, typeId, eventId, userId],
    )
    const { body } = await organizer.client.listAttendees({ query: { eventId, format: 'csv' } })
    // Streamed as they are read, so not all are in memory, and the length is unknown.
    const url = `/api/tickets/attendees?eventId=${eventId}&format=csv`
    const answer = await setting.app.inject({ url, headers: organizer.headers, payloadAsStream: true })
    const parts = await Array.fromAsync(answer.stream())
    expect(parts.length).toBeGreaterThan(2)
    expect(answer.headers['content-length']).toBeUndefined()
    expect(Buffer.concat(parts)).toEqual(Buffer.from(body as Uint8Array))
    const lines = Buffer.from(body as Uint8Array)
      .toString()
      .trimEnd()
      .split('\r\n')
    expect(lines).toHaveLength(2_501)
    expect(new Set(lines).size).toBe(2_501)
  })
})

describe('holders of tickets', () => {
  const holdersOf = async (eventId: EventId, limit = 100) =>
    (await setting.holders.listHolders({ params: { eventId }, query: { limit } })).body
  const counts = async (eventId: EventId) =>
    Object.fromEntries(
      (await holdersOf(eventId)).holders.map(({ userId, ticketCount }) => [userId, ticketCount]),
    )

  test('are each listed once, in pages, with how many tickets they hold now', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const [one, two, gone] = [
      await buyer(setting, eventId, some(typeId, 2)),
      await buyer(setting, eventId, some(typeId)),
      await buyer(setting, eventId, some(typeId)),
    ]
    const friend = await account(setting)
    await passOn(one, one.ticketId, friend.email)
    await setting.internal.cancelOrderTickets({ body: { orderId: gone.orderId, reason: 'refunded' } })
    const expected = { [one.userId]: 1, [two.userId]: 1, [friend.userId]: 1 }
    expect(await counts(eventId)).toEqual(expected)
    const first = await holdersOf(eventId, 2)
    const rest = await setting.holders.listHolders({
      params: { eventId },
      query: { cursor: first.nextCursor ?? '' },
    })
    expect([...first.holders, ...rest.body.holders].map(({ userId }) => userId).sort()).toEqual(
      Object.keys(expected).sort(),
    )
    expect(rest.body.nextCursor).toBeNull()
    expect(await holdersOf(newId<EventId>())).toEqual({ holders: [], nextCursor: null })
  })

  test('of a cancelled event include those whose tickets were cancelled since, or just before', async () => {
    const { eventId, typeId, event } = await setting.offer(10)
    const [long, early, late, still] = [
      await buyer(setting, eventId, some(typeId)),
      await buyer(setting, eventId, some(typeId)),
      await buyer(setting, eventId, some(typeId)),
      await buyer(setting, eventId, some(typeId)),
    ]
    const cancel = (orderId: OrderId, reason: string) =>
      setting.internal.cancelOrderTickets({ body: { orderId, reason, force: true } })
    await cancel(long.orderId, 'cannot come')
    await cancel(early.orderId, 'EVENT_CANCELLED')
    await setting.deps.db.transact((tx) => saveReplica(tx, { ...event, status: 'CANCELLED' }, 9))
    await cancel(late.orderId, 'cannot come either')
    expect(await counts(eventId)).toEqual({ [early.userId]: 1, [late.userId]: 1, [still.userId]: 1 })
  })
})
