import { randomUUID } from 'node:crypto'
import { type EventId, eventCreated, eventPublished, eventUpdated, type UserId } from '@boxoffice/contracts'
import { buildWithoutRedis, NO_REDIS } from '@boxoffice/service-kit/testing-resilience'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { DAY_MS, festival, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

describe('a draft', () => {
  test('is created with its venue and published', async () => {
    const event = await service.make()
    expect(event).toMatchObject({
      status: 'DRAFT',
      name: 'Łódź Summer Sounds',
      venueName: 'Park Helenów',
      timeZone: 'Europe/Warsaw',
    })
    const { payload, aggregateVersion } = await service.probe.waitFor(
      eventCreated,
      (message) => message.payload.eventId === event.eventId,
    )
    expect(payload).toMatchObject({ organizerId: service.organizer.userId, eventDate: event.eventDate })
    expect(aggregateVersion).toBe(1)
    const again = await service.make()
    expect(again.venueId).toBe(event.venueId)
  })
  test('is there for its organizer alone', async () => {
    const { eventId } = await service.make()
    const stranger = await service.authority.user(['USER', 'ORGANIZER'])
    expect((await service.as(service.organizer.headers).getEvent({ params: { eventId } })).status).toBe(200)
    for (const headers of [{}, stranger.headers]) {
      expect(await service.as(headers).getEvent({ params: { eventId } })).toMatchObject({
        status: 404,
        body: { error: 'EVENT_NOT_FOUND' },
      })
    }
    expect(await service.as(stranger.headers).publishEvent({ params: { eventId } })).toMatchObject({
      status: 404,
    })
    const { body } = await service.as().listEvents({ query: { limit: 100 } })
    expect(body.events.map((event) => event.eventId)).not.toContain(eventId)
  })
  test('made twice under one key is one draft', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const body = festival()
    const [first, second] = [
      await service.as(service.organizer.headers).createEvent({ headers, body }),
      await service.as(service.organizer.headers).createEvent({ headers, body }),
    ]
    expect(second).toEqual(first)
  })
  test('is made by organizers only', async () => {
    const user = await service.authority.user()
    for (const [headers, status, error] of [
      [{}, 401, 'UNAUTHENTICATED'],
      [user.headers, 403, 'FORBIDDEN'],
    ] as const) {
      const answer = await service.app.inject({ method: 'POST', url: '/api/events', headers, payload: {} })
      expect(answer.statusCode).toBe(status)
      expect(answer.json()).toMatchObject({ error, requestId: expect.any(String) })
    }
  })
})

describe('an event on sale', () => {
  test('is published once, however often that is asked', async () => {
    const { eventId } = await service.makePublished()
    expect(await service.as(service.organizer.headers).publishEvent({ params: { eventId } })).toMatchObject({
      status: 200,
      body: { status: 'PUBLISHED' },
    })
    await service.probe.waitFor(eventPublished, ({ payload }) => payload.eventId === eventId)
    expect(
      service.probe.received(eventPublished).filter(({ payload }) => payload.eventId === eventId),
    ).toHaveLength(1)
  })
  test('cannot lie in the past or be without words', async () => {
    const { eventId } = await service.make({ eventDate: new Date(Date.now() - DAY_MS), description: '' })
    expect(await service.as(service.organizer.headers).publishEvent({ params: { eventId } })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_PUBLISHABLE', reasons: ['eventDate has passed', 'description is empty'] },
    })
  })
  test('is changed by its organizer, who may not leave it senseless', async () => {
    const { eventId, eventDate } = await service.makePublished()
    const params = { eventId }
    const stranger = await service.authority.user(['USER', 'ORGANIZER'])
    expect(
      await service.as(stranger.headers).updateEvent({ params, body: { name: 'Mine now' } }),
    ).toMatchObject({ status: 403 })
    expect(
      await service
        .as(service.organizer.headers)
        .updateEvent({ params, body: { endDate: new Date(eventDate.getTime() - 1) } }),
    ).toMatchObject({
      status: 400,
      body: { details: [{ path: 'body.endDate' }] },
    })
    expect(
      await service.as(service.organizer.headers).updateEvent({ params, body: { venueName: 'Atlas Arena' } }),
    ).toMatchObject({
      status: 200,
      body: { venueName: 'Atlas Arena', venueAddress: 'Północna 36, Łódź' },
    })
    const { payload } = await service.probe.waitFor(
      eventUpdated,
      (message) => message.payload.eventId === eventId,
    )
    expect(payload.changed.toSorted()).toEqual(['venueId', 'venueName'])
  })
  test('can be changed while it goes on, as long as its beginning stays what it is', async () => {
    const mine = service.as(service.organizer.headers)
    const { eventId } = await service.makePublished()
    const eventDate = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000)
    await service.deps.pool.query('update events set event_date = $2 where id = $1', [eventId, eventDate])
    const change = (at: Date) =>
      mine.updateEvent({ params: { eventId }, body: { eventDate: at, name: 'Going on' } })
    expect(await change(eventDate)).toMatchObject({ status: 200, body: { name: 'Going on', eventDate } })
    expect(await change(new Date(eventDate.getTime() + 1))).toMatchObject({
      status: 400,
      body: { details: [{ path: 'body.eventDate' }] },
    })
  })
  test.each([{ venueName: 'Elsewhere' }, { venueAddress: 'Street 1' }])(
    'goes to one place: not to a venue and to %j',
    async (other) => {
      const { eventId, venueId } = await service.makePublished()
      const payload = { venueId, ...other }
      const { headers } = service.organizer
      const answer = await service.app.inject({
        method: 'PATCH',
        url: `/api/events/${eventId}`,
        headers,
        payload,
      })
      expect(answer.statusCode).toBe(400)
      expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'body.venueId' }] })
    },
  )
  test('keeps the right to a refund that its buyers have: it may only be extended', async () => {
    const [sooner, until, later] = [10, 20, 25].map((days) => new Date(Date.now() + days * DAY_MS)) as [
      Date,
      Date,
      Date,
    ]
    const mine = service.as(service.organizer.headers)
    const { eventId } = await service.make({ refundableUntil: later })
    const change = (refundableUntil: Date | null) =>
      mine.updateEvent({ params: { eventId }, body: { refundableUntil } })
    expect(await change(until), 'a draft has no buyers').toMatchObject({
      status: 200,
      body: { refundableUntil: until },
    })
    await mine.publishEvent({ params: { eventId } })
    for (const less of [null, sooner, new Date(until.getTime() - 1)]) {
      expect(await change(less)).toMatchObject({
        status: 400,
        body: { details: [{ path: 'body.refundableUntil' }] },
      })
    }
    expect(
      await mine.updateEvent({ params: { eventId }, body: { name: 'Other', refundableUntil: until } }),
    ).toMatchObject({
      status: 200,
      body: { refundableUntil: until },
    })
    expect(await change(later)).toMatchObject({ status: 200, body: { refundableUntil: later } })
    const { eventId: without } = await service.makePublished()
    for (const body of [{ refundableUntil: null }, { refundableUntil: until }]) {
      expect(await mine.updateEvent({ params: { eventId: without }, body })).toMatchObject({ status: 200 })
    }
  })
  test('that is changed to what it is already says nothing', async () => {
    const { eventId, name, updatedAt } = await service.makePublished()
    expect(
      await service.as(service.organizer.headers).updateEvent({ params: { eventId }, body: { name } }),
    ).toMatchObject({
      body: { updatedAt },
    })
    expect(service.probe.received(eventUpdated).filter(({ payload }) => payload.eventId === eventId)).toEqual(
      [],
    )
  })
  test('changed by twenty at once has twenty versions, in order', async () => {
    const { eventId } = await service.makePublished()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        service
          .as(service.organizer.headers)
          .updateEvent({ params: { eventId }, body: { name: `Name ${n}` } })
          .catch(() => null),
      ),
    )
    const made = answers.filter((answer) => answer?.status === 200).length
    const { rows } = await service.deps.pool.query<{ version: number }>(
      'select version from events where id = $1',
      [eventId],
    )
    expect(rows[0]?.version).toBe(2 + made)
    const { rows: messages } = await service.deps.pool.query<{ version: number }>(
      `select (body->>'aggregateVersion')::int as version from
         (select position, body, topic from outbox) o where body->'payload'->>'eventId' = $1
         and topic = 'event-updates.fifo' order by position`,
      [eventId],
    )
    expect(messages.map(({ version }) => version)).toEqual(messages.map((_, index) => index + 1))
  })
})

describe('the list', () => {
  test('finds the beginnings of words in name, place and description, in any case', async () => {
    const marker = `Zażółć${randomUUID().slice(0, 6)}`
    const { eventId } = await service.makePublished({ name: `${marker} Night`, venueName: 'Klub Proxima' })
    for (const query of [marker, `${marker.slice(0, 8).toLowerCase()} prox`, `night ${marker}`]) {
      const { body } = await service.as().listEvents({ query: { query } })
      expect(body.events.map((event) => event.eventId)).toContain(eventId)
    }
    for (const query of [`${marker} absent`, "'; drop table events; --", '!&|']) {
      const { body } = await service.as().listEvents({ query: { query } })
      expect(body.events).toEqual([])
    }
  })
  test('filters by category and dates, and has pages in the order of dates', async () => {
    const word = `w${randomUUID().slice(0, 8)}`
    const made = []
    for (const days of [9, 3, 6]) {
      made.push(
        await service.makePublished({
          name: `${word} ${days}`,
          category: 'FILM',
          eventDate: new Date(Date.now() + days * DAY_MS),
        }),
      )
    }
    const first = await service.as().listEvents({ query: { query: word, category: 'FILM', limit: 2 } })
    const second = await service.as().listEvents({
      query: { query: word, category: 'FILM', limit: 2, cursor: first.body.nextCursor ?? '' },
    })
    expect([...first.body.events, ...second.body.events].map(({ name }) => name)).toEqual([
      `${word} 3`,
      `${word} 6`,
      `${word} 9`,
    ])
    expect(second.body.nextCursor).toBeNull()
    const { body } = await service.as().listEvents({
      query: { query: word, from: new Date(Date.now() + 5 * DAY_MS), to: new Date(Date.now() + 7 * DAY_MS) },
    })
    expect(body.events.map(({ name }) => name)).toEqual([`${word} 6`])
    expect(
      (await service.as().listEvents({ query: { query: word, category: 'MUSIC' } })).body.events,
    ).toEqual([])
  })
  test('of the organizer has drafts too', async () => {
    const fresh = await service.authority.user(['USER', 'ORGANIZER'])
    const answer = await service.as(fresh.headers).createEvent({ body: festival() })
    expect(answer.status).toBe(201)
    const { body } = await service.as(fresh.headers).listMyEvents({ query: {} })
    expect(body.events).toMatchObject([{ status: 'DRAFT' }])
  })
  test.each<[string, unknown]>([
    ['nonsense', 'nonsense'],
    ['the year 0', { at: '0000-01-01T00:00:00Z', id: randomUUID(), rank: 0 }],
    ['a year that no database has', { at: '+275760-01-01T00:00:00Z', id: randomUUID(), rank: 0 }],
    ['an id that is none', { at: '2027-01-01T00:00:00Z', id: 'x', rank: 0 }],
  ])('refuses a cursor that is not its own: %s', async (_, position) => {
    const cursor = Buffer.from(JSON.stringify(position)).toString('base64url')
    for (const url of ['/api/events', '/api/events/mine']) {
      const answer = await service.app.inject({ url, query: { cursor }, headers: service.organizer.headers })
      expect(answer.statusCode, url).toBe(400)
      expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'query.cursor' }] })
    }
  })
})

describe('the cache', () => {
  test('answers what was just written', async () => {
    const { eventId } = await service.makePublished()
    await service.as().getEvent({ params: { eventId } })
    await service
      .as(service.organizer.headers)
      .updateEvent({ params: { eventId }, body: { name: 'Renamed' } })
    expect(await service.as().getEvent({ params: { eventId } })).toMatchObject({ body: { name: 'Renamed' } })
    const word = `c${randomUUID().slice(0, 8)}`
    expect((await service.as().listEvents({ query: { query: word } })).body.events).toEqual([])
    await service.as(service.organizer.headers).updateEvent({ params: { eventId }, body: { name: word } })
    expect((await service.as().listEvents({ query: { query: word } })).body.events).toMatchObject([
      { eventId },
    ])
  })
  test('is not overwritten by a reader that was slower than the writer', async () => {
    const { eventId } = await service.makePublished()
    const old = await service.deps.cache.event(eventId, async () => null)
    if (!old) throw new Error('not cached')
    await service.deps.redis.del(`events:event:${eventId}`)
    await service.deps.cache.event(eventId, async () => {
      await service
        .as(service.organizer.headers)
        .updateEvent({ params: { eventId }, body: { name: 'Newer' } })
      return old // what the slow reader had read before
    })
    expect(await service.as().getEvent({ params: { eventId } })).toMatchObject({ body: { name: 'Newer' } })
  })
})

test('other services see every event with its version, and whose it is', async () => {
  const { eventId } = await service.make()
  const internal = await service.internal()
  expect(await internal.getEventInfo({ params: { eventId } })).toMatchObject({
    status: 200,
    body: { status: 'DRAFT', version: 1 },
  })
  expect(
    await internal.validateOrganizer({ params: { eventId, userId: service.organizer.userId } }),
  ).toMatchObject({
    body: { isOrganizer: true },
  })
  const stranger = randomUUID() as UserId
  expect(await internal.validateOrganizer({ params: { eventId, userId: stranger } })).toEqual({
    status: 200,
    body: { isOrganizer: false, eventId, userId: stranger },
  })
  const unknown = randomUUID() as EventId
  expect(await internal.getEventInfo({ params: { eventId: unknown } })).toMatchObject({
    status: 404,
    body: { error: 'EVENT_NOT_FOUND', message: `Event with ID ${unknown} not found` },
  })
  const { body } = await internal.getEventInfos({ body: { eventIds: [eventId, randomUUID() as never] } })
  expect(body.events).toMatchObject([{ eventId }])
  const wrong = await service.authority.service('ticket-service', 'payment-service')
  const answer = await service.app.inject({ url: `/api/events/internal/${eventId}`, headers: wrong })
  expect(answer.statusCode).toBe(401)
})

test.each([
  ['an unknown field', { colour: 'red' }],
  ['a time zone that is none', { timeZone: 'Mars/Olympus' }],
  ['an end before the beginning', { endDate: '2020-01-01T00:00:00Z' }],
  ['control characters', { name: 'a\u0000b' }],
  ['neither venue nor address', { venueName: undefined }],
  ['a script for an image', { imageUrl: 'javascript:alert(1)' }],
])('%s is refused in the shape of the contract', async (_, changes) => {
  const payload = { ...festival(), ...changes }
  const answer = await service.app.inject({
    method: 'POST',
    url: '/api/events',
    headers: service.organizer.headers,
    payload,
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({
    error: 'VALIDATION_FAILED',
    requestId: expect.any(String),
    details: [{}],
  })
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: { ...service.deps.config, cacheRedisUrl: NO_REDIS },
    callees,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(callees).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
