import type { EventId, SeatId, SeatMap, SeatMapChanges } from '@boxoffice/contracts'
import { bodyOf, type EncodedJson, encodedJson } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { describe, expect, test } from 'vitest'
import { buildPlan } from '../plans/plan.ts'
import type { Reading } from './seat-maps.ts'
import { createSeatWatch } from './seat-watch.ts'

const plan = buildPlan(
  'event' as EventId,
  3,
  [1, 2, 3].map((col, index) => ({
    seatId: `1-A-${col}` as SeatId,
    index,
    zoneId: 1,
    rowLabel: 'A',
    accessible: false,
  })),
)

/** A seat map that the test changes, and the number of its readings. */
function mapOf(statuses: string) {
  const map = { statuses, readings: 0 }
  const read = async () => {
    map.readings++
    return readingOf(map.statuses)
  }
  return { map, watch: createSeatWatch({ seatMaps: { read }, pollMs: 5 }) }
}
const readingOf = (statuses: string): Reading => ({
  statuses,
  asOf: new Date(),
  mayHaveExpired: false,
  etag: '',
  encoded: (planVersion) => encodedJson({ eventId: plan.eventId, planVersion, statuses, asOf: new Date() }),
})
type Items = AsyncGenerator<EncodedJson<SeatMap | SeatMapChanges>>
const nextEncoded = async (items: Items) => (await items.next()).value
const next = async (items: Items) => {
  const json = await nextEncoded(items)
  return json && JSON.parse(Buffer.from(bodyOf(json)).toString())
}

describe('a watcher of a seat map', () => {
  test('sees the map, then what changed; a slow one sees all changes at once', async () => {
    const { map, watch } = mapOf('...')
    const leave = new AbortController()
    const [quick, slow] = [watch(plan, leave.signal), watch(plan, leave.signal)]
    expect(await next(quick)).toMatchObject({ planVersion: 3, statuses: '...' })
    expect(await next(slow)).toMatchObject({ statuses: '...' })
    const first = next(quick)
    map.statuses = '.h.'
    expect(await first).toMatchObject({ changes: [{ seatId: '1-A-2', index: 1, status: 'h' }] })
    const second = next(quick)
    map.statuses = 'hs.'
    expect((await second).changes).toHaveLength(2)
    expect((await next(slow)).changes).toEqual([
      { seatId: '1-A-1', index: 0, status: 'h' },
      { seatId: '1-A-2', index: 1, status: 's' },
    ])
    leave.abort()
  })

  test('is let go who leaves while the map is read, and the poller ends', async () => {
    const leave = new AbortController()
    let readings = 0
    const read = async () => {
      readings++
      if (readings === 2) leave.abort() // the first is the whole map, the second what may have changed since
      return readingOf('...')
    }
    const items = createSeatWatch({ seatMaps: { read }, pollMs: 5 })(plan, leave.signal)
    await next(items)
    expect(await next(items)).toBeUndefined()
    expect(readings).toBe(2)
  })

  test('gets the same encoded change as all others with the same map', async () => {
    let reading = readingOf('...')
    const watch = createSeatWatch({ seatMaps: { read: async () => reading }, pollMs: 5 })
    const leave = new AbortController()
    const watchers = [1, 2, 3].map(() => watch(plan, leave.signal))
    await Promise.all(watchers.map(next))
    const changes = watchers.map(nextEncoded)
    reading = readingOf('..s')
    expect(new Set(await Promise.all(changes)).size).toBe(1)
    leave.abort()
  })

  test('shares one poller, which stops with the last watcher', async () => {
    const { map, watch } = mapOf('...')
    const leave = new AbortController()
    const watchers = Array.from({ length: 50 }, () => watch(plan, leave.signal))
    await Promise.all(watchers.map(next))
    const waiting = watchers.map(next)
    await until(async () => expect(map.readings).toBeGreaterThan(103)) // twice each, and then the poller
    expect(map.readings).toBeLessThan(400)
    leave.abort()
    expect(await Promise.all(waiting)).toEqual(watchers.map(() => undefined))
    // A poller without watchers polls once more at most and stops; the next watcher starts another.
    const { readings } = map
    const late = watch(plan, new AbortController().signal)
    await next(late)
    const change = next(late)
    map.statuses = 's..'
    await change
    expect(map.readings - readings).toBeLessThan(8)
  })
})
