import type { EventId } from '@boxoffice/contracts'
import {
  type Cache,
  createGroups,
  createRedis,
  keysOf,
  noReads,
  type Policy,
  type Sql,
} from '@boxoffice/service-kit'
import type { FindPlan } from '../plans/plan-cache.ts'
import { type CacheHold, type Confirmed, createCachedHolds, type Requested } from './cached-holds.ts'
import {
  CACHED_EVENTS,
  defineCommands,
  type Line,
  type MapAnswer,
  type Released,
  type SoldSeat,
} from './commands.ts'
import { type Guarded, guardRedis } from './guarded-redis.ts'
import { createRebuilds } from './rebuilds.ts'

const COMMAND_REQUESTS_MAX = 200
const EVENTS_AT_ONCE_MAX = 100

/**
 * Cache in Redis of what is free. It refuses most of a crowd fast and may vanish at any time; PostgreSQL is
 * the source of truth. No method rejects: an event whose cache could not be updated is marked stale and
 * rebuilt by `reconcile`.
 */
export interface AvailabilityCache {
  /**
   * Takes places provisionally and in order, by one command. Null when Redis is unavailable; sales then go on
   * without it.
   */
  hold(eventId: EventId, requests: readonly Requested[]): Promise<(CacheHold | null)[]>
  /**
   * Marks a hold as stored in the database. It then lasts until it expires or, while it is being paid for,
   * until it is released or sold.
   */
  confirm(held: Confirmed): Promise<void>
  /** Confirms several holds of one event by one command. */
  confirmAll(eventId: EventId, held: readonly Confirmed[]): Promise<void>
  /** Frees the places of reservations that the database has released. */
  release(released: readonly Released[]): Promise<void>
  /** Marks the places of reservations as sold. */
  sell(sold: readonly Released[]): Promise<void>
  /** Frees sold places: a quantity of general types, and these seats. */
  releaseSold(eventId: EventId, lines: readonly Line[], seats: readonly SoldSeat[]): Promise<void>
  /** Returns the map of an event's seats; null when Redis is unavailable. */
  readSeatMap(eventId: EventId): Promise<MapAnswer | null>
  /** Rebuilds the event's cache now, after its ticket types changed. */
  rebuild(eventId: EventId): Promise<void>
  /** Leaves it to `reconcile` to rebuild the event's cache. */
  markStale(eventId: EventId): void
  /**
   * Calls the listener after every change that this process makes to an event, whether or not Redis was
   * available.
   */
  onChange(listener: (eventId: EventId) => void): void
  /** Rebuilds the cache of every recently active event from PostgreSQL; returns the events that differed. */
  reconcile(): Promise<EventId[]>
  /**
   * For operators: its keys exist while their event is cached. A cleared event is rebuilt when it is used.
   */
  readonly cache: Cache
  close(): void
}

export function createAvailabilityCache(
  options: Omit<Parameters<typeof createRedis>[0], 'use'> & {
    db: Sql
    findPlan: FindPlan
    cacheTtlMs: number
    policy: Policy
  },
): AvailabilityCache {
  const { logger, findPlan } = options
  const redis = createRedis({ ...options, use: 'holds' })
  const commands = defineCommands(redis, options)
  const guarded = guardRedis(options.policy, options)
  const rebuilds = createRebuilds({ commands, sql: options.db, findPlan, guarded, logger })
  const { update, changed, onChange } = createUpdates(guarded, rebuilds.markStale)
  const reads = noReads()
  const { hold, confirmAll } = createCachedHolds({
    commands,
    guarded,
    rebuilds,
    findPlan,
    update,
    changed,
    reads,
  })

  async function releaseAll(eventId: EventId, released: readonly Released[]): Promise<void> {
    const ids = released.map(({ reservationId }) => reservationId)
    await update(eventId, () => commands.release(eventId, ids))
  }

  const confirm = groupedByEvent(confirmAll)
  const release = groupedByEvent(releaseAll)

  return {
    hold,
    confirm,
    confirmAll,
    async release(released) {
      await Promise.all(released.map(release))
    },
    async sell(sold) {
      for (const { eventId, reservationId } of sold) {
        await update(eventId, async () => {
          if (!(await commands.sell(eventId, reservationId))) rebuilds.markStale(eventId)
        })
      }
    },
    releaseSold: (eventId, lines, seats) =>
      update(eventId, () => commands.releaseSold(eventId, lines, seats)),
    readSeatMap: (eventId) =>
      guarded(eventId, async () => {
        const map = await commands.readSeatMap(eventId)
        reads[map ? 'hits' : 'misses']++
        if (map) return map
        await rebuilds.rebuildShared(eventId)
        return commands.readSeatMap(eventId)
      }),
    rebuild: (eventId) => update(eventId, () => rebuilds.rebuild(eventId)),
    markStale: rebuilds.markStale,
    onChange,
    reconcile: rebuilds.reconcile,
    cache: { name: 'availability', shared: true, reads, keys: keysOf(redis, CACHED_EVENTS) },
    close() {
      guarded.close()
      redis.disconnect()
    },
  }
}

/** Runs updates of the cache, marks events as stale whose update failed, and notifies listeners. */
function createUpdates(guarded: Guarded, markStale: (eventId: EventId) => void) {
  const listeners: ((eventId: EventId) => void)[] = []
  const changed = (eventId: EventId) => {
    for (const listener of listeners) listener(eventId)
  }

  async function update(eventId: EventId, call: () => Promise<unknown>): Promise<void> {
    const updated = await guarded(eventId, async () => {
      await call()
      return true
    })
    if (!updated) markStale(eventId)
    changed(eventId)
  }

  return {
    update,
    changed,
    onChange: (listener: (eventId: EventId) => void) => void listeners.push(listener),
  }
}

/**
 * Groups requests by event: those that arrive while the event's last command is running form the next one.
 */
function groupedByEvent<Request extends { eventId: EventId }>(
  run: (eventId: EventId, requests: readonly Request[]) => Promise<void>,
): (request: Request) => Promise<void> {
  return createGroups<Request, void>({
    keyOf: ({ eventId }) => eventId,
    run: async (requests) => {
      await run((requests[0] as Request).eventId, requests)
      return requests.map(() => undefined)
    },
    mixesKeys: false,
    groupMax: COMMAND_REQUESTS_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: Number.POSITIVE_INFINITY,
  })
}
