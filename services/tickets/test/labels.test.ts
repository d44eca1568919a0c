import { type Minor, type SeatId, type SeatingPlan, seatIdOf, type TicketTypeId } from '@boxoffice/contracts'
import { seatLabels } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyCode } from '../src/tickets/codes.ts'
import { account, buyer, codeOf, show } from './people.ts'
import { best, reserveFor, seats } from './requests.ts'
import { spreadsheetOf } from './spreadsheet.ts'
import { startService, type TestService } from './start-service.ts'

// Row and seat labels as real halls have them, from plan to ticket.

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const labels = [...new Set(seatLabels.map(({ typed, kept = typed }) => kept))]

/** An event with a row for each label and one seat of each. */
async function hall() {
  const organizer = await setting.user(['USER', 'ORGANIZER'])
  const event = setting.addEvent({ organizerId: organizer.userId })
  const { eventId } = event
  const rows = labels.map((rowLabel) => ({ rowLabel, seats: labels.map((colLabel) => ({ colLabel })) }))
  const plan: SeatingPlan = {
    eventId,
    planVersion: 1,
    seatCount: labels.length ** 2,
    zones: [{ zoneId: 3, name: 'Saal', rows }],
  }
  setting.seatingPlans.set(eventId, plan)
  const type = {
    eventId,
    name: 'Platz',
    unitPrice: 5_000 as Minor,
    currency: 'EUR' as const,
    zoneIds: [3],
    maxPerOrder: 100,
  }
  const { status, body } = await organizer.client.createTicketType({ body: type })
  if (status !== 201) throw new Error(`no type was made: ${JSON.stringify(body)}`)
  return { event, eventId, organizer, typeId: body.ticketTypeId as TicketTypeId }
}

describe('a seat', () => {
  test('of any label is held, mapped, sold, printed and admitted', async () => {
    const { eventId, typeId, organizer } = await hall()
    const wanted = labels.map((label, index) => ({
      zoneId: 3,
      rowLabel: label,
      colLabel: labels.at(-1 - index) ?? '',
    }))
    const seatIds = wanted.map(seatIdOf)
    const guest = await buyer(setting, eventId, seats(typeId, ...seatIds))
    expect(guest.tickets.map(({ seat }) => seat)).toEqual(wanted)
    const map = await setting.maps(eventId)
    expect(map.redis).toBe(map.postgres)
    expect(map.redis?.match(/s/g)).toHaveLength(labels.length)
    const again = await reserveFor(setting, eventId, seats(typeId, ...seatIds))
    expect(again.answer).toMatchObject({ status: 409, body: { error: 'SEATS_TAKEN', seatIds } })
    expect(
      await setting.mailing.getOrderPdf({ params: { orderId: guest.orderId }, query: {} }),
    ).toMatchObject({
      status: 200,
    })
    for (const [index, { ticketId }] of guest.tickets.entries()) {
      const found = await setting.internal.findSeat({ params: { eventId, seatId: seatIds[index] as SeatId } })
      expect(found, seatIds[index]).toMatchObject({
        status: 200,
        body: { seatId: seatIds[index], ticketTypeId: typeId },
      })
      const code = await codeOf(guest, ticketId)
      expect(verifyCode(code, [setting.deps.codeKey]), code).toMatchObject({ seat: wanted[index] })
      expect(await show(organizer, eventId, code)).toMatchObject({
        status: 200,
        body: { ticket: { seat: wanted[index] } },
      })
    }
    const lines = await spreadsheetOf(setting, eventId, organizer)
    expect(lines.map(({ seat, section, row, number }) => [seat, section, row, number]).sort()).toEqual(
      wanted.map((seat) => [seatIdOf(seat), 'Saal', seat.rowLabel, seat.colLabel]).sort(),
    )
  })
  test('of any label is found among the best, and its row with it', async () => {
    const { eventId, typeId } = await hall()
    const { answer } = await reserveFor(setting, eventId, best(typeId, 2))
    const from = Math.floor((labels.length - 2) / 2)
    expect(answer).toMatchObject({
      status: 200,
      body: {
        tickets: [{ seatIds: [from, from + 1].map((at) => `3-A-${labels[at]?.replaceAll('-', '_')}`) }],
      },
    })
  })
  test('is the same seat however its id is typed', async () => {
    const { eventId, typeId } = await hall()
    const guest = await account(setting)
    const payload = { eventId, ticketRequests: [{ ticketTypeId: typeId, seatIds: [' 3-A\u0308-Loge  3 '] }] }
    const url = '/api/tickets/reservations'
    const answer = await setting.app.inject({ method: 'POST', url, headers: guest.headers, payload })
    expect(answer.json()).toMatchObject({ tickets: [{ seatIds: ['3-Ä-Loge 3'] }] })
  })
  test('may be in any of two hundred blocks that one type sells', async () => {
    const { eventId, typeId } = await setting.offerSeats(Array.from({ length: 200 }, () => [2]))
    const { answer } = await reserveFor(setting, eventId, seats(typeId, '51-A-1', '200-A-2'))
    expect(answer).toMatchObject({ status: 200, body: { tickets: [{ seatIds: ['51-A-1', '200-A-2'] }] } })
  })
})
