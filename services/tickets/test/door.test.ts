import { createPublicKey, verify } from 'node:crypto'
import type { CheckIn, EventId, OrderId, TicketId, TicketTypeId, UserId } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { savePicture } from '../src/event-pictures/picture-repository.ts'
import { signCode } from '../src/tickets/codes.ts'
import { account, buyer, codeOf } from './people.ts'
import { createSetting, newId, type Setting, seats, some } from './setting.ts'

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())

type Organizer = Awaited<ReturnType<Setting['user']>>
const organizerOf = ({ organizer }: { organizer: { userId: UserId } }) => setting.user(['ORGANIZER'], organizer.userId)
const show = ({ client }: Organizer, eventId: EventId, code: string, options: { gate?: string; key?: string } = {}) => {
  const { gate, key } = options
  return client.checkIn({
    body: { eventId, code, ...(gate && { gate }) },
    ...(key && { headers: { 'idempotency-key': key } }),
  })
}
const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

/** An evening with one guest of a general ticket. */
async function evening() {
  const offered = await setting.offer(10)
  const { eventId, typeId } = offered
  const organizer = await organizerOf(offered)
  const guest = await buyer(setting, eventId, some(typeId))
  return { eventId, typeId, organizer, guest, code: await codeOf(guest, guest.ticketId) }
}

describe('the door', () => {
  it('admits a ticket once, and says when and where it was used', async () => {
    const { eventId, organizer, guest, code } = await evening()
    const admitted = await show(organizer, eventId, ` ${code}\n`, { gate: 'North' })
    expect(admitted).toMatchObject({
      status: 200,
      body: { admitted: true, ticket: { ...guest.ticket, status: 'CHECKED_IN' }, checkedInAt: expect.any(Date), gate: 'North' },
    })
    if (admitted.status !== 200) throw new Error('not admitted')
    const { checkedInAt } = admitted.body
    expect(await show(organizer, eventId, code, { gate: 'South' })).toMatchObject({
      status: 409,
      body: { error: 'ALREADY_CHECKED_IN', checkedInAt, gate: 'North' },
    })
    expect((await guest.client.getTicket({ params: { ticketId: guest.ticketId } })).body).toMatchObject({ status: 'CHECKED_IN' })
    const { rows } = await query('select * from check_ins where ticket_id = $1', [guest.ticketId])
    expect(rows).toMatchObject([
      { event_id: eventId, gate: 'North', checked_in_by: organizer.userId, checked_in_at: checkedInAt },
    ])
  })

  it('shows the seat of a seated ticket', async () => {
    const offered = await setting.offerSeats([[3]])
    const { eventId, typeId } = offered
    const guest = await buyer(setting, eventId, seats(typeId, '1-A-2'))
    const answer = await show(await organizerOf(offered), eventId, await codeOf(guest, guest.ticketId))
    expect(answer).toMatchObject({ status: 200, body: { ticket: { seat: { zoneId: 1, rowLabel: 'A', colLabel: '2' } } } })
    expect(answer.body).not.toHaveProperty('gate')
  })

  it('admits one of fifty who show the same code at the same moment', async () => {
    const { eventId, organizer, code, guest } = await evening()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, gate) => show(organizer, eventId, code, { gate: `Gate ${gate}` })),
    )
    const admitted = answers.filter(({ status }) => status === 200)
    expect(admitted).toHaveLength(1)
    const [
      {
        body: { checkedInAt, gate },
      },
    ] = admitted as [{ status: 200; body: CheckIn }]
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(answer).toMatchObject({ status: 409, body: { error: 'ALREADY_CHECKED_IN', checkedInAt, gate } })
    }
    expect((await query('select 1 from check_ins where ticket_id = $1', [guest.ticketId])).rowCount).toBe(1)
  })

  it('admits again, once, under the same key, also when the process died before it answered', async () => {
    const { eventId, organizer, code } = await evening()
    const key = newId<string>()
    const first = await show(organizer, eventId, code, { gate: 'North', key })
    expect(await show(organizer, eventId, code, { gate: 'North', key })).toEqual(first)
    await query('update idempotency_keys set status = null, answer = null, leased_until = now() where key = $1', [key])
    expect(await show(organizer, eventId, code, { gate: 'North', key })).toEqual(first)
    expect(await show(organizer, eventId, code, { key: newId() })).toMatchObject({ body: { error: 'ALREADY_CHECKED_IN' } })
  })

  it('stays closed for a ticket that was given back, or is for another event of the organizer', async () => {
    const { eventId, typeId, organizer, guest, code } = await evening()
    const other = await setting.user(['ORGANIZER'], organizer.userId)
    const second = setting.addEvent({ organizerId: organizer.userId })
    expect(await show(other, second.eventId, code)).toMatchObject({ status: 409, body: { error: 'WRONG_EVENT' } })
    await setting.internal.cancelOrderTickets({ body: { orderId: guest.orderId, reason: 'refunded' } })
    expect(await show(organizer, eventId, code)).toMatchObject({ status: 409, body: { error: 'TICKET_CANCELLED' } })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 0 })
  })

  it('stays closed when the event is cancelled', async () => {
    const { eventId, organizer, code, guest } = await evening()
    await query(`update event_pictures set status = 'CANCELLED' where event_id = $1`, [eventId])
    expect(await show(organizer, eventId, code)).toMatchObject({ status: 409, body: { error: 'EVENT_CANCELLED' } })
    await setting.internal.cancelOrderTickets({ body: { orderId: guest.orderId, reason: 'EVENT_CANCELLED', force: true } })
    expect(await show(organizer, eventId, code)).toMatchObject({ status: 409, body: { error: 'TICKET_CANCELLED' } })
  })

  it('knows no forged, no foreign and no older code, and no garbage', async () => {
    const { eventId, organizer, guest, code } = await evening()
    const foreign = await evening()
    const forged = Buffer.from(code, 'base64url')
    forged[30] = (forged[30] ?? 0) ^ 1
    const { ticketId } = guest
    const codes = [
      forged.toString('base64url'),
      foreign.code,
      signCode({ ticketId: newId<TicketId>(), eventId, codeVersion: 1 }, setting.deps.codeKey),
      signCode({ ticketId, eventId: foreign.eventId, codeVersion: 1 }, setting.deps.codeKey),
      `${code}=`,
      code.slice(1),
      ticketId,
      "' or 1=1 --",
      '\u0000',
      '🎫',
      'A'.repeat(2_000),
    ]
    for (const shown of codes) {
      expect(await show(organizer, eventId, shown), shown).toMatchObject({ status: 404, body: { error: 'TICKET_NOT_FOUND' } })
    }
    await query('update tickets set code_version = 2 where ticket_id = $1', [ticketId])
    expect(await show(organizer, eventId, code)).toMatchObject({ status: 404 })
    const anew = await codeOf(guest, ticketId)
    expect(await show(organizer, eventId, anew)).toMatchObject({ status: 200 })
  })

  it("is kept by the event's organizer alone: another's is 403, a draft of theirs is not there", async () => {
    const { eventId, code, organizer } = await evening()
    const stranger = await setting.user(['ORGANIZER'])
    const draft = setting.addEvent({ status: 'DRAFT' })
    for (const [event, status] of [
      [eventId, 403],
      [draft.eventId, 404],
      [newId<EventId>(), 404],
    ] as const) {
      expect((await show(stranger, event, code)).status).toBe(status)
      expect((await stranger.client.getCheckInKey({ query: { eventId: event } })).status).toBe(status)
      expect((await stranger.client.listAttendees({ query: { eventId: event } })).status).toBe(status)
    }
    const guest = await account(setting)
    expect((await show(guest, eventId, code)).status).toBe(403)
    expect((await show(organizer, eventId, code)).status).toBe(200)
  })
})

it('the public key alone verifies a code that was mailed, and says what it admits to', async () => {
  const offered = await setting.offerSeats([[3]])
  const { eventId, typeId } = offered
  const guest = await buyer(setting, eventId, seats(typeId, '1-A-3'))
  const code = await codeOf(guest, guest.ticketId)
  const answer = await (await organizerOf(offered)).client.getCheckInKey({ query: { eventId } })
  if (answer.status !== 200) throw new Error('no key')
  const { keys, format } = answer.body
  expect(format).toMatch(/Ed25519/)
  expect(JSON.stringify(keys)).not.toMatch(/"d":/)

  // Nothing of ours from here on.
  const bytes = Buffer.from(code, 'base64url')
  const key = keys.find(({ kid }) => kid === bytes.toString('hex', 1, 5))
  const publicKey = createPublicKey({ key: key as never, format: 'jwk' })
  const [said, signature] = [bytes.subarray(0, -64), bytes.subarray(-64)]
  expect(verify(null, said, publicKey, signature)).toBe(true)
  expect(said.toString('hex', 5, 21)).toBe(guest.ticketId.replaceAll('-', ''))
  expect(said.toString('hex', 21, 37)).toBe(eventId.replaceAll('-', ''))
  expect(said.toString('utf8', 41)).toBe('1-A-3')
  expect(verify(null, Buffer.concat([said, Buffer.from('0')]), publicKey, signature)).toBe(false)
})

/** A guest under this name, whose order was issued as the payment service asks for it. */
async function guestNamed(eventId: EventId, typeId: TicketTypeId, holderName: string, seatId?: string) {
  const person = await account(setting)
  const held = await person.client.createReservation({
    body: { eventId, ticketRequests: seatId ? seats(typeId, seatId) : some(typeId) },
  })
  if (held.status !== 201) throw new Error('not reserved')
  const order = { reservationId: held.body.reservationId, orderId: newId<OrderId>(), userId: person.userId, holderName }
  await setting.internal.confirmPurchase({ body: order })
  const { tickets } = (await setting.internal.getOrderTickets({ params: { orderId: order.orderId } })).body
  return { ...person, ...order, ticketId: tickets[0]?.ticketId as TicketId, ticketNumber: tickets[0]?.ticketNumber as string }
}
const attendeesOf = async ({ client }: Organizer, eventId: EventId, limit = 100) => {
  const { body } = await client.listAttendees({ query: { eventId, limit } })
  if (!('attendees' in body)) throw new Error('no attendees')
  return body.attendees
}

describe('attendees', () => {
  it('are who may come and who came, in pages; who passed a ticket on is replaced', async () => {
    const offered = await setting.offerSeats([[6]])
    const { eventId, typeId } = offered
    const organizer = await organizerOf(offered)
    const guests = []
    for (const number of [1, 2, 3, 4]) guests.push(await guestNamed(eventId, typeId, `Guest ${number}`, `1-A-${number}`))
    const [came, gaveBack, passedOn] = guests as [(typeof guests)[0], (typeof guests)[0], (typeof guests)[0]]
    await show(organizer, eventId, await codeOf(came, came.ticketId), { gate: 'North' })
    await setting.internal.cancelOrderTickets({ body: { orderId: gaveBack.orderId, reason: 'refunded' } })
    const friend = await account(setting)
    await passedOn.client.transferTicket({
      params: { ticketId: passedOn.ticketId },
      body: { email: friend.email, holderName: 'A friend' },
    })

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

  it('are a spreadsheet that any program reads, in which nobody’s name is a formula', async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(offered)
    const names = ['=1+1', '+48221234567', '-2', '@sum(a1)', 'Łucja "Lu" Ćwik, z Łodzi', "=cmd|' /C calc'!A0", '＝1']
    const numbers: string[] = []
    for (const name of names) numbers.push((await guestNamed(eventId, typeId, name)).ticketNumber)
    const answer = await setting.app.inject({
      url: `/api/tickets/attendees?eventId=${eventId}&format=csv`,
      headers: organizer.headers,
    })
    expect(answer.headers['content-type']).toMatch(/^text\/csv/)
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="attendees-odz-Jazz-Night.csv"; filename*=UTF-8''attendees-%C5%81%C3%B3d%C5%BA-Jazz-Night.csv`,
    )
    const lines = answer.rawPayload.toString('utf8').split('\r\n')
    expect(lines[0]).toBe(
      '\ufeffticketNumber,holderName,ticketTypeName,seat,section,row,number,status,checkedInAt,gate,createdAt,ticketId,orderId',
    )
    expect(lines.at(-1)).toBe('')
    const cells = lines.slice(1, -1).map((line) => line.replace(/,Standing,,,,,ACTIVE,,,.*$/, ''))
    expect(cells).toEqual(
      [`'=1+1`, `'+48221234567`, `'-2`, `'@sum(a1)`, `"Łucja ""Lu"" Ćwik, z Łodzi"`, `'=cmd|' /C calc'!A0`, `'＝1`].map(
        (name, index) => `${numbers[index]},${name}`,
      ),
    )
    expect((await organizer.client.listAttendees({ query: { eventId, format: 'csv' } })).body).toEqual(
      new Uint8Array(answer.rawPayload),
    )
  })

  it('are all in the spreadsheet, however many', async () => {
    const offered = await setting.offer(3_000)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(offered)
    const { orderId, userId } = await guestNamed(eventId, typeId, 'First')
    await query(
      `insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id, event_id, ordinal, user_id,
         holder_name, unit_price_minor, currency)
       select n.id, n.id, 'TKT-1999-' || lpad(n.ordinal::text, 6, '0'), $1, $2, $3, n.ordinal + 1, $4, 'Guest', 5000, 'EUR'
       from (select gen_random_uuid() as id, ordinal from generate_series(1, 2499) ordinal) n`,
      [orderId, typeId, eventId, userId],
    )
    const { body } = await organizer.client.listAttendees({ query: { eventId, format: 'csv' } })
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
    Object.fromEntries((await holdersOf(eventId)).holders.map(({ userId, ticketCount }) => [userId, ticketCount]))

  it('are each named once, in pages, with how many are theirs now', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const [one, two, gone] = [
      await buyer(setting, eventId, some(typeId, 2)),
      await buyer(setting, eventId, some(typeId)),
      await buyer(setting, eventId, some(typeId)),
    ]
    const friend = await account(setting)
    const body = { email: friend.email, holderName: 'Friend' }
    await one.client.transferTicket({ params: { ticketId: one.ticketId }, body })
    await setting.internal.cancelOrderTickets({ body: { orderId: gone.orderId, reason: 'refunded' } })
    const expected = { [one.userId]: 1, [two.userId]: 1, [friend.userId]: 1 }
    expect(await counts(eventId)).toEqual(expected)
    const first = await holdersOf(eventId, 2)
    const rest = await setting.holders.listHolders({ params: { eventId }, query: { cursor: first.nextCursor ?? '' } })
    expect([...first.holders, ...rest.body.holders].map(({ userId }) => userId).sort()).toEqual(Object.keys(expected).sort())
    expect(rest.body.nextCursor).toBeNull()
    expect(await holdersOf(newId<EventId>())).toEqual({ holders: [], nextCursor: null })
  })

  it('of a cancelled event are also those whose tickets were cancelled since, or before we heard of it', async () => {
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
    await setting.deps.transact((tx) => savePicture(tx, { ...event, status: 'CANCELLED' }, 9))
    await cancel(late.orderId, 'cannot come either')
    expect(await counts(eventId)).toEqual({ [early.userId]: 1, [late.userId]: 1, [still.userId]: 1 })
  })
})
