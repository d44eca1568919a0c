import type { EventQuery } from '@boxoffice/contracts'
import {
  refusedNames,
  refusedSeatLabels,
  refusedTimes,
  seatLabels,
  twinLabels,
  until,
  writtenNames,
  writtenSearches,
  writtenTimes,
} from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillSearch } from '../src/catalog/search-repository.ts'
import { festival, inDays, startService, type TestService } from './start-service.ts'

// How the world writes, at every door of this service. As JSON: a client would tidy it before it is sent.

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const send = (method: 'POST' | 'PUT' | 'PATCH', path: string, payload: object) =>
  service.app.inject({ method, url: `/api/events${path}`, headers: service.organizer.headers, payload })
const refused = (path: string, error: RegExp) => ({
  details: [{ path: `body.${path}`, message: expect.stringMatching(error) }],
})
// Names of events may be twice as long as names of people.
const refusedTitles = refusedNames.filter(({ error }) => !error.source.includes('100'))

describe('the name of an event, of a venue, and of a place', () => {
  test('is kept as people write theirs', async () => {
    for (const { typed, kept = typed, why } of writtenNames) {
      const event = { ...festival(), name: typed, venueName: typed, venueAddress: typed, description: kept }
      const made = await send('POST', '', event)
      expect(made.json(), why).toMatchObject({
        name: kept,
        venueName: kept,
        venueAddress: kept,
        description: kept,
      })
      const venue = await send('POST', '/venues', { name: typed, address: typed, city: typed })
      expect(venue.json(), why).toMatchObject({ name: kept, address: kept, city: kept })
      const changed = await send('PATCH', `/${made.json().eventId}`, {
        name: kept,
        venueName: typed,
        venueAddress: typed,
      })
      expect(changed.json(), why).toMatchObject({ name: kept, venueName: kept })
    }
  })
  test('that is invisible, or reverses the text after it, is refused with a reason', async () => {
    for (const { typed, error } of refusedTitles) {
      expect((await send('POST', '', { ...festival(), name: typed })).json(), typed).toMatchObject(
        refused('name', error),
      )
      const venue = await send('POST', '/venues', { name: 'Hall', address: typed })
      expect(venue.json(), typed).toMatchObject(refused('address', error))
    }
  })
})

describe('the label of a row or a seat', () => {
  const zones = (rowLabel: string, colLabel = '1') => [
    { zoneId: 1, name: 'Saal', rows: [{ rowLabel, seats: [{ colLabel }] }] },
  ]
  test('is that of a real hall', async () => {
    const { eventId } = await service.make()
    for (const { typed, kept = typed, why } of seatLabels) {
      const answer = await send('PUT', `/${eventId}/seating-plan`, { zones: zones(typed, typed) })
      expect(answer.json(), why).toMatchObject({ zones: zones(kept, kept) })
    }
  })
  test('is no other', async () => {
    const { eventId } = await service.make()
    for (const typed of refusedSeatLabels) {
      const answer = await send('PUT', `/${eventId}/seating-plan`, { zones: zones(typed) })
      expect(answer.json(), typed.slice(0, 50)).toMatchObject(
        refused('zones.0.rows.0.rowLabel', /1 to 12 letters and digits/),
      )
    }
  })
  test.each(twinLabels)('is there once: %j and %j are one to who looks for a seat', async (one, other) => {
    const { eventId } = await service.make()
    const seats = [{ colLabel: one }, { colLabel: other }]
    const answer = await send('PUT', `/${eventId}/seating-plan`, {
      zones: [{ zoneId: 1, name: 'Saal', rows: [{ rowLabel: 'A', seats }] }],
    })
    expect(answer.json()).toMatchObject(refused('zones.0.rows.0.seats.1.colLabel', /is there twice/))
  })
  test('of two hundred blocks stand on one type’s list', async () => {
    const { eventId } = await service.make()
    const blocks = Array.from({ length: 200 }, (_, index) => ({ ...zones('A')[0], zoneId: index + 1 }))
    expect((await send('PUT', `/${eventId}/seating-plan`, { zones: blocks })).statusCode).toBe(200)
    const internal = await service.internal()
    const zoneIds = blocks.map(({ zoneId }) => zoneId)
    expect(await internal.getSeatingPlanInfo({ params: { eventId }, query: { zoneIds } })).toMatchObject({
      status: 200,
    })
  })
})

describe('a time', () => {
  test('is taken as people and programs write it, with its offset', async () => {
    const spellings = writtenTimes.flatMap(({ kept, typed }) =>
      typed.map((spelling) => ({ kept, typed: spelling })),
    )
    for (const { kept, typed } of spellings) {
      const made = await send('POST', '', { ...festival(), eventDate: typed, endDate: undefined })
      expect(made.json(), typed).toMatchObject({ eventDate: kept })
      expect(
        (await service.app.inject({ url: '/api/events', query: { from: typed } })).statusCode,
        typed,
      ).toBe(200)
    }
    for (const typed of refusedTimes) {
      const made = await send('POST', '', { ...festival(), eventDate: typed })
      expect(made.json(), typed).toMatchObject(refused('eventDate', /./))
    }
  })
})

describe('a time zone', () => {
  test('is kept as IANA writes it, of an event and of a venue', async () => {
    for (const [typed, kept] of [
      ['europe/warsaw', 'Europe/Warsaw'],
      ['AMERICA/NEW_YORK', 'America/New_York'],
      [' utc ', 'UTC'],
    ]) {
      expect((await send('POST', '', { ...festival(), timeZone: typed })).json()).toMatchObject({
        timeZone: kept,
      })
      const venue = { name: 'Hall', address: 'Quay 1', timeZone: typed }
      expect((await send('POST', '/venues', venue)).json()).toMatchObject({ timeZone: kept })
    }
  })
})

describe('a search', () => {
  const find = async (query: Partial<EventQuery>) => {
    const { body } = await service.as().listEvents({ query: { limit: 100, ...query } })
    return body.events.map(({ name }) => name)
  }
  beforeAll(async () => {
    for (const { name } of writtenSearches) {
      const { eventDate } = { eventDate: inDays(20) }
      await service.makePublished({
        name,
        description: '.',
        venueName: 'Hall',
        venueAddress: 'Quay',
        category: 'OTHER',
        eventDate,
      })
    }
  })
  test.each(writtenSearches)('finds $name by $foundBy', async ({ name, foundBy, notBy = [] }) => {
    const shown = name.replace(/[\u00ad\u200e]/g, '').replace(/\u3000/g, ' ')
    for (const query of foundBy) {
      expect(await find({ query }), query).toContain(shown)
      expect((await service.as(service.organizer.headers).listEvents({ query: { query } })).status).toBe(200)
    }
    for (const query of notBy) expect(await find({ query }), query).not.toContain(shown)
  })
  test('finds venues likewise', async () => {
    const organizer = service.as(service.organizer.headers)
    for (const { name, foundBy } of writtenSearches) {
      const { body: venue } = await organizer.createVenue({ body: { name, address: 'Quay' } })
      for (const query of foundBy) {
        const { body } = await organizer.listVenues({ query: { query, limit: 100 } })
        expect(
          body.venues.map(({ venueId }) => venueId),
          query,
        ).toContain(venue.venueId)
      }
    }
  })
  test('finds rows of older rules, until they are indexed again', async () => {
    const { eventId } = await service.makePublished({ name: 'X/Y Band', eventDate: inDays(25) })
    await service.deps.pool.query(
      `update events set search = '''x'':1A ''y'':2A ''band'':3A', search_rules = 1 where id = $1`,
      [eventId],
    )
    await service.deps.redis.incr('events:pages:generation')
    expect(await find({ query: 'band' })).toContain('X/Y Band')
    expect(await find({ query: 'xy' })).not.toContain('X/Y Band')
    while ((await service.deps.db.transact((tx) => fillSearch(tx, 2))).more);
    await service.deps.redis.incr('events:pages:generation')
    await until(async () => expect(await find({ query: 'xy' })).toContain('X/Y Band'))
    const { rowCount } = await service.deps.pool.query(
      'select from events where search is null or search_rules < 2',
    )
    expect(rowCount).toBe(0)
  })
})
