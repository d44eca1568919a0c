import type { EventId, Minor, SeatId } from '@boxoffice/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const find = (eventId: EventId, seatId: string) =>
  setting.internal.findSeat({ params: { eventId, seatId: seatId as SeatId } })
const notFound = (thing: string) => ({ status: 404, body: { error: `${thing}_NOT_FOUND` } })

test('a seat is found with its type, current price and venue; nothing is held', async () => {
  const { event, eventId, typeId, organizer } = await setting.offerSeats([[2], [2]], { sold: [1] })
  const found = { eventId, venueId: event.venueId, seatId: '1-A-2', ticketTypeId: typeId, currency: 'EUR' }
  expect(await find(eventId, '1-A-2')).toEqual({ status: 200, body: { ...found, unitPrice: 7_000 } })
  await organizer.client.updateTicketType({
    params: { ticketTypeId: typeId },
    body: { unitPrice: 8_050 as Minor },
  })
  expect(await find(eventId, '1-A-2')).toEqual({ status: 200, body: { ...found, unitPrice: 8_050 } })
  expect(await setting.counters(typeId)).toMatchObject({ held: 0, sold: 0 })
})

test('a seat that is not in the plan, or that no type sells (any more), is not found', async () => {
  const { eventId, typeId, organizer } = await setting.offerSeats([[2], [2]], { sold: [1] })
  expect(await find(eventId, '1-B-1')).toMatchObject(notFound('SEAT'))
  expect(await find(eventId, '2-A-1')).toMatchObject(notFound('SEAT'))
  await organizer.client.deleteTicketType({ params: { ticketTypeId: typeId } })
  expect(await find(eventId, '1-A-1')).toMatchObject(notFound('SEAT'))
  expect(await find((await setting.offer(5)).eventId, '1-A-1')).toMatchObject(notFound('SEAT'))
})

test('an unknown event is fetched from the event service; a draft or none is not found', async () => {
  expect(await find(setting.addEvent().eventId, '1-A-1')).toMatchObject(notFound('SEAT'))
  const draft = setting.addEvent({ status: 'DRAFT' })
  expect(await find(draft.eventId, '1-A-1')).toMatchObject(notFound('EVENT'))
  setting.addEvent({ ...draft, status: 'PUBLISHED', version: 3 })
  expect(await find(draft.eventId, '1-A-1')).toMatchObject(notFound('SEAT'))
  expect(await find(newId<EventId>(), '1-A-1')).toMatchObject(notFound('EVENT'))
})
