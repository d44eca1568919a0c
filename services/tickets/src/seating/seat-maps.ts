import { createHash } from 'node:crypto'
import type { EventId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { MapAnswer } from '../holds/commands.ts'
import type { RedisPicture } from '../holds/redis-picture.ts'
import { readStatuses } from '../holds/seat-claim-repository.ts'

const EVENTS_MAX = 200

/** A map and its tag: the same while nothing changes. */
export interface TaggedMap extends MapAnswer {
  readonly etag: string
}

/**
 * Seat maps of events that have seats: from Redis, and from PostgreSQL where Redis cannot be had. `read` gives what was read
 * within the last `cacheMs` and not changed by this process since: whoever holds a seat sees it held, and a crowd that looks at it
 * costs one reading. `readNow` reads.
 */
export function createSeatMaps(options: { redisPicture: Pick<RedisPicture, 'map' | 'onChange'>; sql: Tx; cacheMs: number }) {
  const { redisPicture, sql, cacheMs } = options
  const kept = new Map<EventId, { map: Promise<TaggedMap>; readAtMs: number }>()
  redisPicture.onChange((eventId) => void kept.delete(eventId))

  const readNow = async (eventId: EventId): Promise<MapAnswer> =>
    (await redisPicture.map(eventId)) ?? { ...(await readStatuses(sql, eventId)), mayBeOver: false }

  async function readTagged(eventId: EventId): Promise<TaggedMap> {
    const map = await readNow(eventId)
    // Weak: `asOf` is not part of it.
    return { ...map, etag: `W/"${createHash('sha256').update(map.statuses).digest('base64url').slice(0, 27)}"` }
  }

  function read(eventId: EventId): Promise<TaggedMap> {
    const entry = kept.get(eventId)
    if (entry && performance.now() - entry.readAtMs < cacheMs) return entry.map
    const map = readTagged(eventId)
    if (kept.size >= EVENTS_MAX) kept.clear()
    kept.set(eventId, { map, readAtMs: performance.now() })
    map.catch(() => kept.get(eventId)?.map === map && kept.delete(eventId))
    return map
  }
  return { read, readNow }
}
export type SeatMaps = ReturnType<typeof createSeatMaps>
