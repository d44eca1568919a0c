import { createHash } from 'node:crypto'
import type { EventId, SeatMap } from '@boxoffice/contracts'
import {
  type Cache,
  type EncodedJson,
  encodedJson,
  memoryKeys,
  noReads,
  type Sql,
} from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { MapAnswer } from '../holds/commands.ts'
import { readStatuses } from '../holds/seat-claim-repository.ts'

const EVENTS_MAX = 200
/**
 * Shortest interval between the starts of two readings that follow changes: during a sale the map changes
 * constantly.
 */
const READINGS_APART_MS = 25
/** Shortest interval in reading times: one event uses at most a third of the process's time. */
const READINGS_APART = 3

/** A reading of an event's map. */
export interface Reading extends MapAnswer {
  /** Equal as long as the map is. Weak: `asOf` is not part of it. */
  readonly etag: string
  /** Returns the response with this map, encoded once. */
  encoded(planVersion: number): EncodedJson<SeatMap>
}

interface Entry {
  reading: Promise<Reading>
  beganMs: number
  tookMs: number
  /** Whether this process has changed the map since the reading began. */
  isChanged: boolean
  /** The reading that starts after that change. */
  next: Promise<Reading> | null
}

/**
 * Reads seat maps of events: from Redis, or from PostgreSQL if Redis is unavailable. `read` returns a reading
 * made within the last `cacheMs` and after the last change by this process, so that a buyer sees their own
 * hold, and a crowd costs one reading. `readNow` always reads. `cache` is for operators.
 */
export function createSeatMaps(options: {
  availabilityCache: Pick<AvailabilityCache, 'readSeatMap' | 'onChange'>
  sql: Sql
  cacheMs: number
}) {
  const { availabilityCache, sql, cacheMs } = options
  const reads = noReads()
  const kept = new Map<string, Entry>()
  availabilityCache.onChange((eventId) => {
    const entry = kept.get(eventId)
    if (entry) entry.isChanged = true
  })

  const readNow = async (eventId: EventId): Promise<MapAnswer> =>
    (await availabilityCache.readSeatMap(eventId)) ?? {
      ...(await readStatuses(sql, eventId)),
      mayHaveExpired: false,
    }

  function begin(eventId: EventId, before: Entry | undefined): Promise<Reading> {
    const entry: Entry = {
      reading: readNow(eventId).then(async (map) => {
        entry.tookMs = performance.now() - entry.beganMs
        return readingOf(eventId, map, await before?.reading.catch(() => undefined))
      }),
      beganMs: performance.now(),
      tookMs: before?.tookMs ?? 0,
      isChanged: false,
      next: null,
    }
    if (kept.size >= EVENTS_MAX && !kept.has(eventId)) kept.clear()
    kept.set(eventId, entry)
    entry.reading.catch(() => kept.get(eventId) === entry && kept.delete(eventId))
    return entry.reading
  }

  function read(eventId: EventId): Promise<Reading> {
    const entry = kept.get(eventId)
    const ageMs = entry ? performance.now() - entry.beganMs : 0
    const isFresh = entry && !entry.isChanged && ageMs < cacheMs
    reads[isFresh ? 'hits' : 'misses']++
    if (!entry) return begin(eventId, undefined)
    if (isFresh) return entry.reading
    const waitMs = Math.max(READINGS_APART_MS, READINGS_APART * entry.tookMs) - ageMs
    if (waitMs <= 0) return begin(eventId, entry)
    entry.next ??= new Promise<void>((resolve) => setTimeout(resolve, waitMs)).then(() =>
      begin(eventId, entry),
    )
    return entry.next
  }

  const shown = ({ beganMs, tookMs, isChanged }: Entry) => ({
    ageMs: String(Math.round(performance.now() - beganMs)),
    tookMs: String(Math.round(tookMs)),
    isChanged: String(isChanged),
  })
  const cache: Cache = { name: 'seat-maps', shared: false, reads, keys: memoryKeys({ kept, shown }) }
  return { read, readNow, cache }
}
export type SeatMaps = Omit<ReturnType<typeof createSeatMaps>, 'cache'>

/** Reuses the previous string for an equal map: thousands of watchers compare them. */
function readingOf(eventId: EventId, map: MapAnswer, before: Reading | undefined): Reading {
  const isEqual = map.statuses === before?.statuses
  const statuses = isEqual ? before.statuses : map.statuses
  const etag = isEqual
    ? before.etag
    : `W/"${createHash('sha256').update(statuses).digest('base64url').slice(0, 27)}"`
  const bodies = new Map<number, EncodedJson<SeatMap>>()
  return {
    ...map,
    statuses,
    etag,
    encoded(planVersion) {
      const body = bodies.get(planVersion) ?? encodedJson({ eventId, planVersion, statuses, asOf: map.asOf })
      bodies.set(planVersion, body)
      return body
    },
  }
}
