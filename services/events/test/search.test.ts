import type { EventQuery } from '@boxoffice/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillSearch } from '../src/catalog/search-repository.ts'
import { inDays, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  const place = { venueName: 'Teatr Wielki', venueAddress: 'plac Dąbrowskiego, Łódź' }
  const other = { description: 'An evening.', category: 'OTHER' } as const
  for (const event of [
    { ...place, ...other, name: 'Żółć: a tragedy', category: 'THEATRE', eventDate: inDays(20) },
    { ...place, ...other, name: 'Jazz Evening', category: 'MUSIC', eventDate: inDays(9) },
    {
      ...other,
      name: 'Open air',
      description: 'Some jazz, some food.',
      category: 'FOOD',
      eventDate: inDays(2),
    },
    {
      ...other,
      name: 'Late talk',
      venueName: 'Jazz Café',
      venueAddress: 'Straße 1, Berlin',
      eventDate: inDays(5),
    },
    { ...other, name: 'Jazzmine', description: '', category: 'COMEDY', eventDate: inDays(1) },
    { ...other, name: 'O’Brien’s quiz', eventDate: inDays(3), endDate: inDays(6) },
  ] as const) {
    await service.makePublished({ ...event, ...(event.description === '' && { description: 'Laughter.' }) })
  }
  await service.make({ name: 'Jazz draft' })
})
afterAll(() => service.close())

const find = async (query: Partial<EventQuery>) => {
  const { body } = await service.as().listEvents({ query })
  return body.events.map(({ name }) => name)
}

describe('words', () => {
  test.each([
    ['zolc', ['Żółć: a tragedy']],
    ['ŻÓŁĆ', ['Żółć: a tragedy']],
    ['Zółc traged', ['Żółć: a tragedy']],
    ['theat', ['Żółć: a tragedy']],
    ['strasse berlin', ['Late talk']],
    ['lodz wielki jazz', ['Jazz Evening']],
    ['obrien', ['O’Brien’s quiz']],
    ["o'brien", ['O’Brien’s quiz']],
    ['𝕵𝖆𝖟𝖟 𝖒𝖚𝖘', ['Jazz Evening']],
    ['jazz zolc', []],
    ['draft', []],
  ])('%s finds what has all of them, however they are written', async (query, names) => {
    expect(await find({ query })).toEqual(names)
  })
  test('of the name come before those of place and description, and prefixes come last', async () => {
    expect(await find({ query: 'jazz' })).toEqual(['Jazz Evening', 'Jazzmine', 'Late talk', 'Open air'])
  })
  test.each([
    "' & | ! : * \\",
    "'':*A | !b",
    'a & (b | !c) <-> d',
    "\\'; select pg_sleep(9); --",
    '"'.repeat(200),
    'é'.repeat(200),
  ])('that are hostile do no harm: %s', async (query) => {
    const answer = await service.app.inject({ url: '/api/events', query: { query, place: query } })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({ events: [], nextCursor: null })
  })
  test('of what an organizer changes are found at once, and the old ones are not', async () => {
    const { eventId } = await service.makePublished({ name: 'Before', eventDate: inDays(40) })
    await service
      .as(service.organizer.headers)
      .updateEvent({ params: { eventId }, body: { name: 'Afterwards' } })
    expect(await find({ query: 'before' })).toEqual([])
    expect(await find({ query: 'afterw' })).toEqual(['Afterwards'])
  })
  test('of a description without end, or of one long word, are no trouble', async () => {
    const long = { name: 'Long', eventDate: inDays(50) }
    await service.makePublished({ ...long, description: 'x'.repeat(10_000) })
    await service.makePublished({ ...long, description: `${'many '.repeat(1_990)} words` })
    expect(await find({ query: 'long words' })).toEqual(['Long'])
    expect(await find({ query: 'x'.repeat(100) })).toEqual(['Long'])
  })
  test('of events that are older than this search are found once they have been indexed', async () => {
    await service.deps.pool.query("update events set search = null where name = 'Open air'")
    await service.deps.pool.query('update venues set search = null')
    expect(await find({ query: 'open air' })).toEqual([])
    while ((await service.deps.db.transact((tx) => fillSearch(tx, 2))).more);
    await service.deps.redis.incr('events:pages:generation')
    expect(await find({ query: 'open air' })).toEqual(['Open air'])
    const { rowCount } = await service.deps.pool.query('select from venues where search is null')
    expect(rowCount).toBe(0)
  })
})

describe('the list', () => {
  test('can be of one place, by its name or its address, and nothing else', async () => {
    expect(await find({ place: 'łódź', limit: 3, category: 'MUSIC', query: 'even' })).toEqual([
      'Jazz Evening',
    ])
    expect(await find({ place: 'jazz' })).toEqual(['Late talk'])
    expect(await find({ place: 'theatre' })).toEqual([])
  })
  test('between two times has what overlaps them', async () => {
    expect(await find({ from: inDays(4), to: inDays(6) })).toEqual(['O’Brien’s quiz', 'Late talk'])
    expect(await find({ from: inDays(7), to: inDays(8) })).toEqual([])
  })
  test('without a beginning leaves out what is over, and has what goes on', async () => {
    const run = async (name: string, begun: string, ended: string | null) => {
      const { eventId } = await service.makePublished({ name })
      await service.deps.pool.query(
        'update events set event_date = now() - $2::interval, end_date = now() - $3::interval where id = $1',
        [eventId, begun, ended],
      )
    }
    await run('begun without an end', '11 hours', null)
    await run('over without an end', '13 hours', null)
    await run('over', '2 hours', '1 hour')
    await run('going on for days', '50 hours', '-1 hour')
    const names = await find({ limit: 100 })
    expect(names).toEqual(expect.arrayContaining(['begun without an end', 'going on for days']))
    expect(names.filter((name) => name.startsWith('over'))).toEqual([])
    expect(await find({ from: inDays(-3), query: 'over' })).toHaveLength(2)
  })
  test.each([{ query: 'jazz' }, { place: 'jazz' }, {}])(
    'of %j has all of its pages, each thing once and in the same order',
    async (query) => {
      const whole = await find({ ...query, limit: 100 })
      const paged: string[] = []
      let cursor: string | undefined
      do {
        const { body } = await service
          .as()
          .listEvents({ query: { ...query, limit: 1, ...(cursor && { cursor }) } })
        paged.push(...body.events.map(({ name }) => name))
        cursor = body.nextCursor ?? undefined
      } while (cursor)
      expect(paged).toEqual(whole)
      expect(paged.length).toBeGreaterThan(0)
    },
  )
})
