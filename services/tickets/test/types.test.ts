import type { Minor } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSetting, newId, type Setting } from './setting.ts'

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())

const type = { name: 'Standing', unitPrice: 5_000 as Minor, currency: 'EUR', quantity: 10 } as const

describe('ticket types', () => {
  it("are offered by the event's organizer and listed with what is left", async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const event = setting.addEvent({ organizerId: organizer.userId })
    const made = await organizer.client.createTicketType({ body: { ...type, eventId: event.eventId } })
    expect(made).toMatchObject({ status: 201, body: { quantityAvailable: 10, maxPerOrder: 10, salesEndAt: event.eventDate } })
    const listed = await setting.visitor.listTicketTypes({ query: { eventId: event.eventId } })
    expect(listed).toMatchObject({ status: 200, body: { ticketTypes: [made.body] } })
  })

  it("are not made for another's event, and a draft of another's is not there at all", async () => {
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

  it('of an event share one currency', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId, status: 'DRAFT' })
    expect((await organizer.client.createTicketType({ body: { ...type, eventId } })).status).toBe(201)
    const other = await organizer.client.createTicketType({ body: { ...type, eventId, currency: 'PLN' } })
    expect(other).toMatchObject({ status: 409, body: { error: 'CURRENCY_MISMATCH' } })
  })

  it('may be free, but not cheaper than the gateway can charge', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    const make = (unitPrice: number) =>
      setting.app.inject({
        method: 'POST',
        url: '/api/tickets/types',
        headers: organizer.headers,
        payload: { ...type, eventId, unitPrice },
      })
    expect((await make(0)).statusCode).toBe(201)
    expect((await make(0.5)).statusCode).toBe(201)
    const tooCheap = await make(0.49)
    expect(tooCheap.statusCode).toBe(400)
    expect(tooCheap.json()).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'body.unitPrice' }] })
  })

  it('are made once when the request is repeated under its key', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    const request = { body: { ...type, eventId }, headers: { 'idempotency-key': newId<string>() } }
    const [first, second] = [await organizer.client.createTicketType(request), await organizer.client.createTicketType(request)]
    expect(second.body).toEqual(first.body)
    const listed = await setting.visitor.listTicketTypes({ query: { eventId } })
    expect(listed).toMatchObject({ body: { ticketTypes: [first.body] } })
  })
})
