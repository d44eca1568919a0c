import {
  type EventId,
  type TicketId,
  ticketsReinstated,
  ticketsStopped,
  type UserId,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  account,
  buyer,
  claim,
  codeOf,
  newAddress,
  organizerOf,
  passOn,
  secretOf,
  show,
  transferIdOf,
} from './people.ts'
import { newId, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({}, { workers: 'relay' })
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

/** An event with a guest who has a seat. */
async function evening() {
  const offered = await setting.offerSeats([[6]])
  const { eventId, typeId } = offered
  const organizer = await organizerOf(setting, offered)
  const guest = await buyer(setting, eventId, seats(typeId, '1-A-3'))
  return {
    eventId,
    typeId,
    organizer,
    guest,
    ticketId: guest.ticketId,
    code: await codeOf(guest, guest.ticketId),
  }
}
type Keeper = { client: Awaited<ReturnType<TestService['user']>>['client'] }
const stop = ({ client }: Keeper, ticketId: TicketId, note?: string) =>
  client.stopTicket({ params: { ticketId }, body: { ...(note && { note }) } })
const reinstate = ({ client }: Keeper, ticketId: TicketId) => client.reinstateTicket({ params: { ticketId } })
const statusesOf = async (eventId: EventId) => (await setting.maps(eventId)).postgres
const publishedMessages = (definition: typeof ticketsStopped | typeof ticketsReinstated, userId: UserId) =>
  setting.probe
    .received(definition as typeof ticketsReinstated)
    .filter(({ payload }) => payload.userId === userId)

describe('a ticket that its organizer stops', () => {
  test('does not admit, shows no code and cannot be transferred; it keeps its place', async () => {
    const { eventId, typeId, organizer, guest, ticketId, code } = await evening()
    const before = await setting.counters(typeId)
    expect(await stop(organizer, ticketId, 'Sold outside')).toMatchObject({
      status: 200,
      body: { ticketId, status: 'ACTIVE', stoppedAt: expect.any(Date), stopReason: 'ORGANIZER' },
    })
    const params = { ticketId }
    const shown = await guest.client.getTicket({ params })
    expect(shown.body).toMatchObject({
      status: 'ACTIVE',
      stopReason: 'ORGANIZER',
      stoppedAt: expect.any(Date),
    })
    expect(JSON.stringify(shown.body)).not.toContain('Sold outside')
    const refused = {
      status: 409,
      body: {
        error: 'TICKET_STOPPED',
        message: expect.stringContaining('not valid until its organizer reinstates it'),
      },
    }
    expect(await guest.client.getTicketQr({ params })).toMatchObject(refused)
    expect(await guest.client.getTicketPdf({ params })).toMatchObject(refused)
    expect(await setting.internal.getTicketQrInfo({ params })).toMatchObject(refused)
    expect(await setting.internal.getTicketPdfInfo({ params })).toMatchObject(refused)
    expect(await passOn(guest, ticketId, (await account(setting)).email)).toMatchObject(refused)
    expect(await show(organizer, eventId, code)).toMatchObject({
      status: 409,
      body: {
        error: 'TICKET_STOPPED',
        message: 'this ticket was stopped by the organizer: Sold outside',
        ...{ stoppedAt: expect.any(Date), stopReason: 'ORGANIZER', stopNote: 'Sold outside' },
      },
    })
    const { body } = await organizer.client.listAttendees({ query: { eventId } })
    expect(body).toMatchObject({
      attendees: [{ ticketId, status: 'ACTIVE', stopReason: 'ORGANIZER', stopNote: 'Sold outside' }],
    })
    const csv = await setting.app.inject({
      url: `/api/tickets/attendees?eventId=${eventId}&format=csv`,
      headers: organizer.headers,
    })
    expect(csv.payload).toMatch(/,ACTIVE,.*,ORGANIZER,Sold outside\r\n$/)
    const print = await setting.mailing.getOrderPrint({ params: { orderId: guest.orderId }, query: {} })
    expect(print.body).toMatchObject({ version: 'none', tickets: [] })
    expect(await setting.counters(typeId)).toEqual(before)
    expect(await statusesOf(eventId)).toBe('..s...')
  })

  test('is valid again with the same code when reinstated, and both changes are published once', async () => {
    const { eventId, organizer, guest, ticketId, code } = await evening()
    const [first] = await Promise.all([1, 2, 3].map(() => stop(organizer, ticketId)))
    const stopped = await setting.probe.waitFor(
      ticketsStopped,
      ({ payload }) => payload.userId === guest.userId,
    )
    expect(first).toMatchObject({ status: 200, body: { stoppedAt: stopped.payload.stoppedAt } })
    expect(stopped.payload).toEqual({
      ...{
        orderId: guest.orderId,
        userId: guest.userId,
        eventId,
        ticketIds: [ticketId],
        reason: 'ORGANIZER',
      },
      stoppedAt: expect.any(Date),
    })
    const [valid] = await Promise.all([1, 2, 3].map(() => reinstate(organizer, ticketId)))
    expect(valid).toEqual({ status: 200, body: guest.ticket })
    const reinstated = await setting.probe.waitFor(
      ticketsReinstated,
      ({ payload }) => payload.userId === guest.userId,
    )
    expect(reinstated.payload).toMatchObject({
      orderId: guest.orderId,
      ticketIds: [ticketId],
      reinstatedAt: expect.any(Date),
    })
    expect(reinstated.aggregateVersion).toBeGreaterThan(stopped.aggregateVersion)
    expect(await codeOf(guest, ticketId)).toBe(code)
    expect((await show(organizer, eventId, code)).status).toBe(200)
    expect(publishedMessages(ticketsStopped, guest.userId)).toHaveLength(1)
    expect(publishedMessages(ticketsReinstated, guest.userId)).toHaveLength(1)
  })

  test('is given back like any other, and its seat is free', async () => {
    const { eventId, typeId, organizer, guest, ticketId, code } = await evening()
    await stop(organizer, ticketId)
    const cancelled = await setting.internal.cancelOrderTickets({
      body: { orderId: guest.orderId, reason: 'refunded' },
    })
    expect(cancelled).toMatchObject({ status: 200, body: { cancelled: [{ ticketId }] } })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 0 })
    expect(await statusesOf(eventId)).toBe('......')
    expect(await show(organizer, eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_CANCELLED' },
    })
    expect((await guest.client.getTicket({ params: { ticketId } })).body).not.toHaveProperty('stoppedAt')
    const refused = { status: 409, body: { error: 'TICKET_CANCELLED' } }
    expect(await reinstate(organizer, ticketId)).toMatchObject(refused)
    expect(await stop(organizer, ticketId)).toMatchObject(refused)
  })

  test('cannot be claimed by its recipient until it is reinstated', async () => {
    const { organizer, guest, ticketId } = await evening()
    const secret = await secretOf(setting, transferIdOf(await passOn(guest, ticketId, newAddress())))
    const friend = await account(setting)
    await stop(organizer, ticketId)
    expect(await claim(friend, secret)).toMatchObject({ status: 409, body: { error: 'TICKET_STOPPED' } })
    await reinstate(organizer, ticketId)
    expect(await claim(friend, secret)).toMatchObject({ status: 200, body: { status: 'ACTIVE' } })
    expect(await stop(organizer, ticketId)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_TRANSFERRED' },
    })
    expect(await reinstate(organizer, ticketId)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_TRANSFERRED' },
    })
  })

  test('is not stopped once it was used', async () => {
    const { eventId, organizer, ticketId, code } = await evening()
    expect((await show(organizer, eventId, code)).status).toBe(200)
    expect(await stop(organizer, ticketId)).toMatchObject({
      status: 409,
      body: { error: 'ALREADY_CHECKED_IN' },
    })
    expect(await reinstate(organizer, ticketId)).toMatchObject({
      status: 200,
      body: { status: 'CHECKED_IN' },
    })
  })

  test('must be of the caller’s own event: others are not found, non-organizers refused', async () => {
    const { ticketId, guest } = await evening()
    const stranger = await setting.user(['ORGANIZER'])
    for (const id of [ticketId, newId<TicketId>()]) {
      for (const call of [stop, reinstate]) {
        expect(await call(stranger, id)).toMatchObject({ status: 404, body: { error: 'TICKET_NOT_FOUND' } })
        expect((await call(guest, id)).status).toBe(403)
      }
    }
    expect((await guest.client.getTicket({ params: { ticketId } })).body).not.toHaveProperty('stoppedAt')
  })
})

test('of a stop and an admission at the same moment one wins, never both', async () => {
  const offered = await setting.offer(60)
  const { eventId, typeId } = offered
  const organizer = await organizerOf(setting, offered)
  const guests = await Promise.all(Array.from({ length: 30 }, () => buyer(setting, eventId, some(typeId))))
  const codes = await Promise.all(guests.map((guest) => codeOf(guest, guest.ticketId)))
  const answers = await Promise.all(
    guests.map(async ({ ticketId }, index) => {
      // Alternates which of the two requests is sent first.
      const calls = [() => stop(organizer, ticketId), () => show(organizer, eventId, codes[index] as string)]
      const sent = await Promise.all((index % 2 ? calls.toReversed() : calls).map((call) => call()))
      const [stopped, shown] = (index % 2 ? sent.toReversed() : sent) as [(typeof sent)[0], (typeof sent)[0]]
      return `${stopped.status} ${'error' in shown.body ? shown.body.error : 'admitted'}`
    }),
  )
  for (const answer of answers) expect(['200 TICKET_STOPPED', '409 admitted']).toContain(answer)
  const { rows } = await query(
    `select count(*)::int as total, count(*) filter (where stopped_at is not null)::int as stopped,
       count(*) filter (where status = 'CHECKED_IN')::int as used,
       (select count(*)::int from check_ins c where c.event_id = $1) as admissions
     from tickets where event_id = $1`,
    [eventId],
  )
  const stopped = answers.filter((answer) => answer === '200 TICKET_STOPPED').length
  expect(rows).toEqual([{ total: 30, stopped, used: 30 - stopped, admissions: 30 - stopped }])
  expect(await setting.counters(typeId)).toEqual({ capacity: 60, held: 0, sold: 30 })
  await until(() =>
    expect(
      new Set(setting.probe.received(ticketsStopped).filter(({ payload }) => payload.eventId === eventId))
        .size,
    ).toBe(stopped),
  )
})
