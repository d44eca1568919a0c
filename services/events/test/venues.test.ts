import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { festival, startService, type TestService } from './start-service.ts'

let service: TestService
let mine: ReturnType<TestService['as']>
beforeAll(async () => {
  service = await startService()
  mine = service.as(service.organizer.headers)
})
afterAll(() => service.close())

const hall = {
  name: 'Filharmonia Łódzka',
  address: 'Narutowicza 20/22',
  city: 'Łódź',
  country: 'pl',
  timeZone: 'Europe/Warsaw',
  capacity: 650,
}
/** A hand-made cursor. */
const written = (position: object) => Buffer.from(JSON.stringify(position)).toString('base64url')
const otherOrganizer = async () => service.as((await service.authority.user(['USER', 'ORGANIZER'])).headers)

describe('a venue', () => {
  test('is made with all that is known of it', async () => {
    const answer = await mine.createVenue({ body: hall })
    expect(answer).toEqual({
      status: 201,
      body: {
        ...hall,
        country: 'PL',
        venueId: expect.any(String),
        organizerId: service.organizer.userId,
        createdAt: expect.any(Date),
      },
    })
  })
  test('made twice under one key is one venue', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const body = { name: `Once ${randomUUID()}`, address: 'Somewhere 1' }
    const first = await mine.createVenue({ headers, body })
    expect(await mine.createVenue({ headers, body })).toEqual(first)
    expect((await mine.listVenues({ query: { query: body.name } })).body.venues).toEqual([first.body])
  })
  test('gives an event its place and time zone, whichever organizer made it', async () => {
    const { body: venue } = await mine.createVenue({ body: hall })
    const { venueName: _, venueAddress: __, timeZone: ___, ...event } = festival()
    const answer = await (await otherOrganizer()).createEvent({ body: { ...event, venueId: venue.venueId } })
    expect(answer).toMatchObject({
      status: 201,
      body: {
        venueId: venue.venueId,
        venueName: hall.name,
        venueAddress: 'Narutowicza 20/22, Łódź',
        timeZone: 'Europe/Warsaw',
      },
    })
    expect(await mine.createEvent({ body: { ...event, venueId: randomUUID() as never } })).toMatchObject({
      status: 404,
      body: { error: 'VENUE_NOT_FOUND' },
    })
  })
  test('is not created for users who are not organizers', async () => {
    const user = service.as((await service.authority.user()).headers)
    await expect(user.createVenue({ body: hall })).rejects.toThrow('403')
    await expect(user.listVenues({ query: {} })).rejects.toThrow('403')
  })
  test.each([
    ['no address', { address: undefined }],
    ['a country that is none', { country: 'XX' }],
    ['a time zone that is none', { timeZone: 'Łódź' }],
    ['a capacity of zero', { capacity: 0 }],
  ])('with %s is refused', async (_, wrong) => {
    const { headers } = service.organizer
    const answer = await service.app.inject({
      method: 'POST',
      url: '/api/events/venues',
      headers,
      payload: { ...hall, ...wrong },
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().details).toMatchObject([{ path: `body.${Object.keys(wrong)[0]}` }])
  })
})

describe('the list of venues', () => {
  test('has all of them by name, the own ones first, in pages', async () => {
    const [me, other] = [await otherOrganizer(), await otherOrganizer()]
    const word = `w${randomUUID().slice(0, 8)}`
    for (const [client, name] of [
      [other, 'a'],
      [me, 'd'],
      [other, 'C'],
      [me, 'B'],
    ] as const) {
      await client.createVenue({ body: { name: `${name} ${word}`, address: 'Street 1' } })
    }
    const names: string[] = []
    let cursor: string | undefined
    do {
      const { body } = await me.listVenues({ query: { query: word, limit: 1, ...(cursor && { cursor }) } })
      names.push(...body.venues.map(({ name }) => name.split(' ')[0] ?? ''))
      cursor = body.nextCursor ?? undefined
    } while (cursor)
    expect(names).toEqual(['B', 'd', 'a', 'C'])
  })
  test('has pages after a venue with the longest of names', async () => {
    const me = await otherOrganizer()
    for (const last of ['一', '二', '三'])
      await me.createVenue({ body: { name: `${'劇'.repeat(199)}${last}`, address: 'Street 1' } })
    const first = await me.listVenues({ query: { limit: 2 } })
    const second = await me.listVenues({ query: { limit: 1, cursor: first.body.nextCursor ?? '' } })
    const names = [...first.body.venues, ...second.body.venues].map(({ name }) => name.slice(-1))
    expect(names.toSorted()).toEqual(['一', '三', '二'])
  })
  test.each([
    ['a number that is too large', { others: 2 ** 40, name: 'a', id: randomUUID() }],
    ['a character that no text has', { others: 0, name: 'a\u0000b', id: randomUUID() }],
    ['a venue that there is not', { id: randomUUID() }],
    ['nothing', {}],
  ])('refuses a cursor with %s', async (_, position) => {
    const { headers } = service.organizer
    const answer = await service.app.inject({
      url: '/api/events/venues',
      query: { cursor: written(position) },
      headers,
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'query.cursor' }] })
  })
  test('shows the place of a draft to its organizer alone, until the draft is published', async () => {
    const other = await otherOrganizer()
    const venueName = `Hidden ${randomUUID()}`
    const event = await service.make({ venueName, venueAddress: 'Private Road 7' })
    const venuesOf = async (client: typeof mine) =>
      (await client.listVenues({ query: { query: venueName } })).body.venues
    const [own] = await venuesOf(mine)
    expect(own).toMatchObject({ venueId: event.venueId, name: venueName })
    expect(await venuesOf(other)).toEqual([])
    const { venueName: _, venueAddress: __, ...elsewhere } = festival()
    const used = await other.createEvent({ body: { ...elsewhere, venueId: event.venueId } })
    expect(used).toMatchObject({ status: 404, body: { error: 'VENUE_NOT_FOUND' } })
    await expect(other.listVenues({ query: { cursor: written({ id: event.venueId }) } })).rejects.toThrow(
      '400',
    )

    await mine.publishEvent({ params: { eventId: event.eventId } })
    expect(await venuesOf(other)).toMatchObject([{ venueId: event.venueId, address: 'Private Road 7' }])
  })
  test('has a place that a published event moves to', async () => {
    const event = await service.make()
    await mine.publishEvent({ params: { eventId: event.eventId } })
    const venueName = `Moved to ${randomUUID()}`
    await mine.updateEvent({
      params: { eventId: event.eventId },
      body: { venueName, venueAddress: 'Main Street 1' },
    })
    const { body } = await (await otherOrganizer()).listVenues({ query: { query: venueName } })
    expect(body.venues).toMatchObject([{ name: venueName }])
  })
  test('finds a venue without accents, by its city too, and one that came with an event', async () => {
    await mine.createVenue({ body: { name: 'Wytwórnia', address: 'Łąkowa 29', city: 'Łódź' } })
    await service.make({ venueName: 'Stodoła', venueAddress: 'Batorego 10, Warszawa' })
    const find = async (query: string) =>
      (await mine.listVenues({ query: { query } })).body.venues.map(({ name }) => name)
    expect(await find('lodz wytw')).toEqual(['Wytwórnia'])
    expect(await find('stodola batorego')).toEqual(['Stodoła'])
    expect(await find("'&|!")).toEqual([])
  })
})
