import { randomUUID } from 'node:crypto'
import type { EventId, Zones } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const seats = (count: number) => Array.from({ length: count }, (_, n) => ({ colLabel: String(n + 1) }))
const stalls = (count = 3): Zones => [
  { zoneId: 1, name: 'Parkiet', rows: [{ rowLabel: 'A', seats: seats(count) }] },
]
const rowA = { rowLabel: 'A', seats: seats(1) }
const hall: Zones = [
  {
    zoneId: 1,
    name: 'Stalls',
    rows: [{ rowLabel: 'A', seats: [{ colLabel: '1', x: -1.5, y: 0, accessible: true }, { colLabel: '2' }] }],
  },
  {
    zoneId: 20,
    name: 'Balcony',
    rows: [
      { rowLabel: 'A', seats: seats(2) },
      { rowLabel: 'B', seats: seats(3) },
    ],
  },
]
const put = (eventId: EventId, zones: Zones, headers = service.organizer.headers) =>
  service.as(headers).putSeatingPlan({ params: { eventId }, body: { zones } })
const get = (eventId: EventId, headers = {}) =>
  service.as(headers).getSeatingPlan({ params: { eventId }, query: {} })

describe('a seating plan', () => {
  test('is given back as it was put, with its version and its seats counted', async () => {
    const { eventId } = await service.makePublished()
    expect(await get(eventId)).toMatchObject({ status: 404, body: { error: 'SEATING_PLAN_NOT_FOUND' } })
    const plan = { eventId, planVersion: 1, seatCount: 7, zones: hall }
    expect(await put(eventId, hall)).toEqual({ status: 200, body: plan })
    expect(await get(eventId)).toEqual({ status: 200, body: plan })
  })
  test('has another version for every change, and none for what is the same', async () => {
    const { eventId } = await service.make()
    for (const [zones, planVersion] of [
      [stalls(), 1],
      [stalls(), 1],
      [hall, 2],
      [stalls(), 3],
    ] as const) {
      expect(await put(eventId, zones)).toMatchObject({ status: 200, body: { planVersion } })
    }
    const { rows } = await service.deps.pool.query(
      'select version, seat_count from seating_plan_versions where event_id = $1 order by version',
      [eventId],
    )
    expect(rows, 'those before it are gone').toEqual([{ version: 3, seat_count: 3 }])
  })
  test('put by many at once gets its versions one after the other', async () => {
    const { eventId } = await service.make()
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((count) => put(eventId, stalls(count))))
    const versions = answers.map((answer) => (answer.status === 200 ? answer.body.planVersion : null))
    expect(versions.toSorted()).toEqual([1, 2, 3, 4, 5, 6])
    const last = answers.find((answer) => answer.status === 200 && answer.body.planVersion === 6)
    expect((await get(eventId, service.organizer.headers)).body).toEqual(last?.body)
  })
  test('of a draft is for its organizer only, and of an event on sale not for others to change', async () => {
    const stranger = await service.authority.user(['USER', 'ORGANIZER'])
    const draft = await service.make()
    await put(draft.eventId, stalls())
    for (const headers of [{}, stranger.headers]) {
      expect(await get(draft.eventId, headers)).toMatchObject({
        status: 404,
        body: { error: 'EVENT_NOT_FOUND' },
      })
    }
    expect(await put(draft.eventId, hall, stranger.headers)).toMatchObject({
      status: 404,
      body: { error: 'EVENT_NOT_FOUND' },
    })
    const published = await service.makePublished()
    expect(await put(published.eventId, hall, stranger.headers)).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    })
  })
  test('may have 100,000 seats in 200 zones', async () => {
    const { eventId } = await service.makePublished()
    const zones = Array.from({ length: 200 }, (_, zone) => ({
      zoneId: zone + 1,
      name: `Block ${zone + 1}`,
      rows: Array.from({ length: 10 }, (_, row) => ({
        rowLabel: `R${row + 1}`,
        seats: seats(50).map((seat, col) => ({
          ...seat,
          x: -123_456.25 + col,
          y: 654_321.75,
          accessible: true,
        })),
      })),
    }))
    const plan = { status: 200, body: { eventId, planVersion: 1, seatCount: 100_000, zones } }
    expect(await put(eventId, zones)).toEqual(plan)
    expect(await get(eventId)).toEqual(plan)
  })
  test('that is no JSON, or not there, is refused as every other', async () => {
    const { eventId } = await service.make()
    for (const payload of ['{"zones":', '', 'null']) {
      const answer = await service.app.inject({
        method: 'PUT',
        url: `/api/events/${eventId}/seating-plan`,
        headers: { ...service.organizer.headers, 'content-type': 'application/json' },
        payload,
      })
      expect([answer.statusCode, answer.json().error, answer.json().details[0].path]).toEqual([
        400,
        'VALIDATION_FAILED',
        'body',
      ])
    }
  })
  test('is shown as it is after a change, and is a 304 to who has it', async () => {
    const { eventId } = await service.makePublished()
    const show = (tag?: string) =>
      service.app.inject({
        url: `/api/events/${eventId}/seating-plan`,
        headers: tag ? { 'if-none-match': tag } : {},
      })
    await put(eventId, hall)
    const first = await show()
    const etag = String(first.headers.etag)
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await show(tag)
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
    }
    await put(eventId, stalls())
    const second = await show(etag)
    expect([second.statusCode, second.json().planVersion]).toEqual([200, 2])
    expect(second.headers.etag).not.toBe(etag)
    const stranger = await service.make()
    await put(stranger.eventId, hall)
    const headers = { 'if-none-match': '*' }
    expect(
      (await service.app.inject({ url: `/api/events/${stranger.eventId}/seating-plan`, headers })).statusCode,
    ).toBe(404)
  })
})

describe('a seating plan that the ticket service has read', () => {
  test('stays as it is', async () => {
    const { eventId } = await service.makePublished()
    await put(eventId, hall)
    const internal = await service.internal()
    const { body: json } = await internal.getSeatingPlanInfo({ params: { eventId }, query: {} })
    const body = JSON.parse(json as string)
    expect(body).toEqual({ eventId, planVersion: 1, seatCount: 7, zones: hall })
    expect(await put(eventId, stalls())).toMatchObject({ status: 409, body: { error: 'PLAN_IN_USE' } })
    expect(await put(eventId, hall)).toEqual({ status: 200, body })
    expect((await internal.getSeatingPlanInfo({ params: { eventId }, query: {} })).body).toEqual(json)
  })
  test('may be cached, unlike one that can still change', async () => {
    const { eventId } = await service.makePublished()
    const cacheControl = async () =>
      (await service.app.inject(`/api/events/${eventId}/seating-plan`)).headers['cache-control']
    await put(eventId, hall)
    expect(await cacheControl()).toBe('private, no-cache')
    await (await service.internal()).getSeatingPlanInfo({ params: { eventId }, query: {} })
    expect(await cacheControl()).toBe('public, max-age=300')
  })
  test('may be cached forever by its version, and does not exist by another', async () => {
    const { eventId } = await service.makePublished()
    const read = (planVersion: number) =>
      service.app.inject(`/api/events/${eventId}/seating-plan?planVersion=${planVersion}`)
    await put(eventId, hall)
    const first = await read(1)
    expect([first.statusCode, first.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    expect(await read(2)).toMatchObject({ statusCode: 404 })
    await put(eventId, stalls())
    for (const [version, status] of [
      [1, 404],
      [2, 200],
      [3, 404],
    ] as const)
      expect((await read(version)).statusCode).toBe(status)
    expect((await read(1)).headers['cache-control']).toBeUndefined()
    const draft = await service.make()
    await put(draft.eventId, hall)
    const url = `/api/events/${draft.eventId}/seating-plan?planVersion=1`
    const own = await service.app.inject({ url, headers: service.organizer.headers })
    expect(own.headers['cache-control']).toBe('private, no-cache')
  })
  test('cannot change between the reading and the freezing', async () => {
    for (let round = 0; round < 10; round++) {
      const { eventId } = await service.make()
      await put(eventId, stalls())
      const internal = await service.internal()
      const [read] = await Promise.all([
        internal.getSeatingPlanInfo({ params: { eventId }, query: {} }),
        put(eventId, hall),
      ])
      expect((await get(eventId, service.organizer.headers)).body).toEqual(JSON.parse(read.body as string))
    }
  })
  test('stays open to change where it does not have what tickets were to be made of', async () => {
    const { eventId } = await service.makePublished()
    await put(eventId, hall)
    const internal = await service.internal()
    const take = (zoneIds: number[]) =>
      internal.getSeatingPlanInfo({ params: { eventId }, query: { zoneIds } })
    expect(await take([1, 2, 20, 21])).toMatchObject({
      status: 409,
      body: { error: 'ZONES_NOT_IN_PLAN', zoneIds: [2, 21] },
    })
    expect(await put(eventId, stalls())).toMatchObject({ status: 200, body: { planVersion: 2 } })
    expect(await take([1])).toMatchObject({ status: 200, body: expect.stringContaining('"planVersion":2') })
    expect(await take([20])).toMatchObject({ status: 409, body: { zoneIds: [20] } })
    expect(await put(eventId, hall)).toMatchObject({ status: 409, body: { error: 'PLAN_IN_USE' } })
  })
  test.each(['', 'x', '1,,2', '1000', '-1'])('is not asked for the zones %j', async (zoneIds) => {
    const headers = await service.authority.service('ticket-service', 'event-service')
    const url = `/api/events/internal/${randomUUID()}/seating-plan`
    expect((await service.app.inject({ url, query: { zoneIds }, headers })).statusCode).toBe(400)
  })
  test('is not there where there is none, and then nothing is frozen', async () => {
    const { eventId } = await service.make()
    const internal = await service.internal()
    for (const id of [eventId, randomUUID() as EventId]) {
      const answer = await internal.getSeatingPlanInfo({ params: { eventId: id }, query: {} })
      expect(answer).toMatchObject({ status: 404, body: { error: 'SEATING_PLAN_NOT_FOUND' } })
    }
    expect(await put(eventId, stalls())).toMatchObject({ status: 200 })
    const payments = await service.internal('payment-service')
    await expect(payments.getSeatingPlanInfo({ params: { eventId }, query: {} })).rejects.toThrow('403')
  })
})

test.each<[string, unknown, string]>([
  ['no zones', [], 'body.zones'],
  ['a zone that is there twice', [...stalls(), ...stalls()], 'body.zones.1.zoneId'],
  ['a zone of number 0', [{ ...stalls()[0], zoneId: 0 }], 'body.zones.0.zoneId'],
  ['a zone without rows', [{ ...stalls()[0], rows: [] }], 'body.zones.0.rows'],
  ['a row that is there twice', [{ ...stalls()[0], rows: [rowA, rowA] }], 'body.zones.0.rows.1.rowLabel'],
  ['a row without seats', stalls(0), 'body.zones.0.rows.0.seats'],
  ['a row of 501 seats', stalls(501), 'body.zones.0.rows.0.seats'],
  [
    'a seat that is there twice',
    [{ ...stalls()[0], rows: [{ rowLabel: 'A', seats: [...seats(2), ...seats(1)] }] }],
    'body.zones.0.rows.0.seats.2.colLabel',
  ],
  [
    'a label with an underscore in it',
    [{ ...stalls()[0], rows: [{ rowLabel: 'A_1', seats: seats(1) }] }],
    'body.zones.0.rows.0.rowLabel',
  ],
  ['201 zones', Array.from({ length: 201 }, (_, n) => ({ ...stalls()[0], zoneId: n + 1 })), 'body.zones'],
  [
    '100,001 seats',
    [
      ...stalls(1),
      {
        zoneId: 2,
        name: 'B',
        rows: Array.from({ length: 200 }, (_, n) => ({ rowLabel: `R${n}`, seats: seats(500) })),
      },
    ],
    'body.zones',
  ],
])('%s is refused with its place named', async (_, zones, path) => {
  const { eventId } = await service.make()
  const answer = await service.app.inject({
    method: 'PUT',
    url: `/api/events/${eventId}/seating-plan`,
    headers: service.organizer.headers,
    payload: { zones },
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toEqual([{ path, message: expect.any(String) }])
})

test('a plan of more than sixteen megabytes is not read', async () => {
  const { eventId } = await service.make()
  const answer = await service.app.inject({
    method: 'PUT',
    url: `/api/events/${eventId}/seating-plan`,
    headers: service.organizer.headers,
    payload: { zones: [], filling: 'x'.repeat(16 * 1_048_576) },
  })
  expect(answer.statusCode).toBe(413)
})
