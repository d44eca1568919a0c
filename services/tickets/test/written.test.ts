import { type EventId, type Minor, type SeatId, type SeatingPlan, seatIdOf, type TicketTypeId } from '@boxoffice/contracts'
import { longNames, refusedAddresses, refusedNames, seatLabels, writtenAddresses, writtenNames } from '@boxoffice/testing'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyCode } from '../src/tickets/codes.ts'
import { account, buyer, codeOf, organizerOf, show } from './people.ts'
import { best, createSetting, reserveFor, type Setting, seats, some } from './setting.ts'

// How the world writes, at the doors of this service. As JSON where a client would tidy it before it is sent.

let setting: Setting
beforeAll(async () => {
  setting = await createSetting({ TRANSFERS_PER_HOUR_MAX: '10000' })
})
afterAll(() => setting.close())

const labels = [...new Set(seatLabels.map(({ typed, kept = typed }) => kept))]

/** An event that sells a row for each label, with a seat of each. */
async function hall() {
  const organizer = await setting.user(['USER', 'ORGANIZER'])
  const event = setting.addEvent({ organizerId: organizer.userId })
  const { eventId } = event
  const rows = labels.map((rowLabel) => ({ rowLabel, seats: labels.map((colLabel) => ({ colLabel })) }))
  const plan: SeatingPlan = { eventId, planVersion: 1, seatCount: labels.length ** 2, zones: [{ zoneId: 3, name: 'Saal', rows }] }
  setting.seatingPlans.set(eventId, plan)
  const type = { eventId, name: 'Platz', unitPrice: 5_000 as Minor, currency: 'EUR' as const, zoneIds: [3], maxPerOrder: 100 }
  const { status, body } = await organizer.client.createTicketType({ body: type })
  if (status !== 201) throw new Error(`no type was made: ${JSON.stringify(body)}`)
  return { event, eventId, organizer, typeId: body.ticketTypeId as TicketTypeId }
}

/** The lines of an event's spreadsheet, by the names of its columns. */
async function spreadsheetOf(eventId: EventId, { headers }: { headers: Record<string, string> }) {
  const url = `/api/tickets/attendees?eventId=${eventId}&format=csv`
  const { rawPayload } = await setting.app.inject({ url, headers })
  return parse(rawPayload, { bom: true, columns: true }) as Record<string, string>[]
}

describe('a seat', () => {
  it('of any label is held, mapped, sold, printed and admitted', async () => {
    const { eventId, typeId, organizer } = await hall()
    const wanted = labels.map((label, index) => ({ zoneId: 3, rowLabel: label, colLabel: labels.at(-1 - index) ?? '' }))
    const seatIds = wanted.map(seatIdOf)
    const guest = await buyer(setting, eventId, seats(typeId, ...seatIds))
    expect(guest.tickets.map(({ seat }) => seat)).toEqual(wanted)
    const map = await setting.maps(eventId)
    expect(map.redis).toBe(map.postgres)
    expect(map.redis?.match(/s/g)).toHaveLength(labels.length)
    const again = await reserveFor(setting, eventId, seats(typeId, ...seatIds))
    expect(again.answer).toMatchObject({ status: 409, body: { error: 'SEATS_TAKEN', seatIds } })
    for (const [index, { ticketId }] of guest.tickets.entries()) {
      expect((await setting.internal.getTicketPdfInfo({ params: { ticketId } })).status).toBe(200)
      const found = await setting.internal.findSeat({ params: { eventId, seatId: seatIds[index] as SeatId } })
      expect(found, seatIds[index]).toMatchObject({ status: 200, body: { seatId: seatIds[index], ticketTypeId: typeId } })
      const code = await codeOf(guest, ticketId)
      expect(verifyCode(code, [setting.deps.codeKey]), code).toMatchObject({ seat: wanted[index] })
      expect(await show(organizer, eventId, code)).toMatchObject({ status: 200, body: { ticket: { seat: wanted[index] } } })
    }
    const lines = await spreadsheetOf(eventId, organizer)
    expect(lines.map(({ seat, section, row, number }) => [seat, section, row, number]).sort()).toEqual(
      wanted.map((seat) => [seatIdOf(seat), 'Saal', seat.rowLabel, seat.colLabel]).sort(),
    )
  })
  it('of any label is found among the best, and its row with it', async () => {
    const { eventId, typeId } = await hall()
    const { answer } = await reserveFor(setting, eventId, best(typeId, 2))
    const from = Math.floor((labels.length - 2) / 2)
    expect(answer).toMatchObject({
      status: 200,
      body: { tickets: [{ seatIds: [from, from + 1].map((at) => `3-A-${labels[at]?.replaceAll('-', '_')}`) }] },
    })
  })
  it('is the same seat however its id is typed', async () => {
    const { eventId, typeId } = await hall()
    const guest = await account(setting)
    const payload = { eventId, ticketRequests: [{ ticketTypeId: typeId, seatIds: [' 3-A\u0308-Loge  3 '] }] }
    const url = '/api/tickets/reservations'
    const answer = await setting.app.inject({ method: 'POST', url, headers: guest.headers, payload })
    expect(answer.json()).toMatchObject({ tickets: [{ seatIds: ['3-Ä-Loge 3'] }] })
  })
  it('may be in any of two hundred blocks that one type sells', async () => {
    const { eventId, typeId } = await setting.offerSeats(Array.from({ length: 200 }, () => [2]))
    const { answer } = await reserveFor(setting, eventId, seats(typeId, '51-A-1', '200-A-2'))
    expect(answer).toMatchObject({ status: 200, body: { tickets: [{ seatIds: ['51-A-1', '200-A-2'] }] } })
  })
})

describe('the name of who comes', () => {
  it('is kept as people write theirs, on the ticket that is passed on, on paper and in the spreadsheet', async () => {
    const { eventId, typeId, organizer } = await setting.offer(200, { maxPerOrder: 100 })
    const sender = await buyer(setting, eventId, some(typeId, writtenNames.length + longNames.length))
    const friend = await account(setting)
    const names = [...writtenNames, ...longNames.map((typed) => ({ typed, kept: typed }))]
    const kept: string[] = []
    for (const [index, { typed, kept: name = typed }] of names.entries()) {
      const ticketId = sender.tickets[index]?.ticketId
      const url = `/api/tickets/${ticketId}/transfer`
      const payload = { email: friend.email, holderName: typed }
      const answer = await setting.app.inject({ method: 'POST', url, headers: sender.headers, payload })
      expect(answer.json(), typed).toMatchObject({ holderName: name })
      kept.push(name)
    }
    const { body } = await friend.client.listMyTickets({ query: { limit: 100 } })
    expect(body.tickets.map(({ holderName }) => holderName).sort()).toEqual(kept.toSorted())
    for (const { ticketId } of body.tickets)
      expect((await setting.internal.getTicketPdfInfo({ params: { ticketId } })).status).toBe(200)
    const lines = await spreadsheetOf(eventId, await organizerOf(setting, { organizer }))
    expect(lines.map(({ holderName }) => holderName).sort()).toEqual(kept.toSorted())
  })
  it('that is none is refused, and so is an address that no mail is sent to', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const sender = await buyer(setting, eventId, some(typeId))
    const transfer = (payload: object) =>
      setting.app.inject({ method: 'POST', url: `/api/tickets/${sender.ticketId}/transfer`, headers: sender.headers, payload })
    const details = (path: string, says: RegExp) => ({
      details: [{ path: `body.${path}`, message: expect.stringMatching(says) }],
    })
    // A holder's name may be twice as long as one of an account.
    for (const { typed, says } of refusedNames.filter(({ says }) => !says.source.includes('100'))) {
      const answer = await transfer({ email: 'bob@example.test', holderName: typed })
      expect(answer.json(), typed).toMatchObject(details('holderName', says))
    }
    for (const { typed, says } of refusedAddresses)
      expect((await transfer({ email: typed, holderName: 'Bob' })).json(), typed).toMatchObject(details('email', says))
  })
  it.each(writtenAddresses)('may be of whoever has $kept, however that is written', async ({ kept, typed }) => {
    const { eventId, typeId } = await setting.offer(typed.length, { maxPerOrder: 100 })
    const sender = await buyer(setting, eventId, some(typeId, typed.length))
    const friend = await account(setting)
    setting.accounts.set(kept, { userId: friend.userId, emailVerified: true })
    for (const [index, email] of typed.entries()) {
      const url = `/api/tickets/${sender.tickets[index]?.ticketId}/transfer`
      const payload = { email, holderName: 'Bob' }
      const answer = await setting.app.inject({ method: 'POST', url, headers: sender.headers, payload })
      expect(answer.json(), email).toMatchObject({ status: 'COMPLETED', email: kept })
    }
  })
})
