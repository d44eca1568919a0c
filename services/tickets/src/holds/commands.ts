import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EventId, ReservationId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Redis } from 'ioredis'

/** A quantity of one ticket type. */
export interface Line {
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
}

/** A quantity of one ticket type and, if the type is seated, which seats. */
export interface SeatedLine extends Line {
  readonly seatIds: readonly SeatId[] | null
}

/** Quantities by ticket type, and the plan indexes (from 0) of their seats. */
export interface Places {
  readonly lines: readonly Line[]
  readonly seats: readonly number[]
}

/** A reservation that is no longer held. */
export interface Released {
  readonly reservationId: ReservationId
  readonly eventId: EventId
}

/** A sold seat, with the reservation and ticket type that it was sold by. */
export interface SoldSeat {
  readonly seat: number
  readonly ticketTypeId: TicketTypeId
  readonly reservationId: ReservationId
}

/** What the database has of an event: free places by type, the map without held seats, and all live holds. */
export interface Snapshot {
  free: { ticketTypeId: TicketTypeId; count: number }[]
  map: string
  holds: (Places & { reservationId: ReservationId; remainingMs: number })[]
}

/** Places for a reservation. */
export interface HoldRequest {
  readonly reservationId: ReservationId
  readonly places: Places
}

/** `mayHaveExpired`: some holds in the way may have expired in the database already. */
export type HoldAnswer =
  | { answer: 'HELD' | 'NOT_CACHED' }
  | { answer: 'INSUFFICIENT'; mayHaveExpired: boolean }
  | { answer: 'TAKEN'; mayHaveExpired: boolean; seats: number[] }

/** The status of every seat in plan order; `mayHaveExpired` as above. */
export interface MapAnswer {
  readonly statuses: string
  readonly asOf: Date
  readonly mayHaveExpired: boolean
}

// Return codes of the scripts.
const heldAnswers = { 1: 'HELD', 0: 'INSUFFICIENT', [-1]: 'TAKEN', [-2]: 'NOT_CACHED' } as const
const rebuildAnswers = { 1: 'CORRECTED', 0: 'EQUAL', [-3]: 'CHANGED_MEANWHILE' } as const
export type RebuildAnswer = (typeof rebuildAnswers)[keyof typeof rebuildAnswers]

/**
 * A hold that the database does not confirm expires by itself, so that a crash in between leaves nothing
 * behind.
 */
const PROVISIONAL_MS = 10_000
/** Redis expires a hold a little later than the database, never before. */
const GRACE_MS = 5_000
/**
 * A claim never expires by itself in the database. Redis keeps it long enough for the sweep to check its
 * order and for the cache to be rebuilt.
 */
export const PAYING_EXTRA_MS = 180_000
/** Holds written per command, and how long an unfinished shadow copy lasts. */
const SHADOW_HOLDS_AT_ONCE = 500
const SHADOW_TTL_MS = 60_000
const keysOf = (eventId: EventId) =>
  ['epoch', 'free', 'expiries', 'lines', 'changes', 'map', 'owners'].map(
    (name) => `tickets:{${eventId}}:${name}`,
  )
/** The keys that exist while their event is cached. */
export const CACHED_EVENTS = 'tickets:{*}:epoch'
const flat = (lines: readonly Line[]) =>
  lines.flatMap(({ ticketTypeId, quantity }) => [ticketTypeId, quantity])
/** Encodes places as the scripts store them, without the leading `provisional` field. */
const keptOf = ({ lines, seats }: Places) =>
  `"lines":${JSON.stringify(flat(lines))},"seats":${JSON.stringify(seats)}}`

/**
 * Defines the atomic commands of `lua/`, typed; each script is loaded once and called by its digest. The keys
 * of an event expire `cacheTtlMs` after they were last used, and the cache is rebuilt on demand. `cacheTtlMs`
 * must exceed the longest hold.
 */
export function defineCommands(redis: Redis, { cacheTtlMs }: { cacheTtlMs: number }) {
  const define = <Answer>(name: string) => defineCommand<Answer>(redis, name, cacheTtlMs)
  const hold = define<number[][]>('hold')
  const confirm = define<number>('confirm')
  const release = define<number>('release')
  const sell = define<number>('sell')
  const releaseSold = define<number>('release-sold')
  const readMap = define<[number, number, string] | []>('map')
  const rebuild = defineCommand<number>(redis, 'rebuild', cacheTtlMs, 10)
  return {
    /** Takes places for each reservation, all or none; the answers are in the order of the requests. */
    async hold(eventId: EventId, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
      const wanted = requests.flatMap(({ reservationId, places }) => [reservationId, keptOf(places)])
      const answers = await hold(...keysOf(eventId), PROVISIONAL_MS, GRACE_MS, ...wanted)
      return answers.map(holdAnswerOf)
    },
    /** Marks holds as stored in the database. */
    async confirm(
      eventId: EventId,
      stored: readonly (HoldRequest & { remainingMs: number })[],
    ): Promise<void> {
      const kept = stored.flatMap(({ reservationId, places, remainingMs }) => [
        reservationId,
        Math.ceil(remainingMs) + GRACE_MS,
        keptOf(places),
      ])
      await confirm(...keysOf(eventId), ...kept)
    },
    async release(eventId: EventId, reservationIds: readonly ReservationId[]): Promise<void> {
      await release(...keysOf(eventId), ...reservationIds)
    },
    /** Marks the places of a reservation as sold; false if the reservation is not in the cache. */
    async sell(eventId: EventId, reservationId: ReservationId): Promise<boolean> {
      return (await sell(...keysOf(eventId), reservationId)) === 1
    },
    /** Frees sold places: a quantity of general types, and these seats. */
    async releaseSold(eventId: EventId, lines: readonly Line[], sold: readonly SoldSeat[]): Promise<void> {
      const seats = sold.map(({ seat, ticketTypeId, reservationId }) => [seat, ticketTypeId, reservationId])
      await releaseSold(...keysOf(eventId), JSON.stringify({ lines: flat(lines), seats }))
    },
    /** Returns the map of an event's seats; null if it is not cached. */
    async readSeatMap(eventId: EventId): Promise<MapAnswer | null> {
      const [now, over, statuses] = await readMap(...keysOf(eventId), GRACE_MS)
      return statuses === undefined
        ? null
        : { statuses, asOf: new Date(now as number), mayHaveExpired: over === 1 }
    },
    /**
     * Replaces the cache by a snapshot. `changes`: the count before the database was read; null replaces in
     * any case.
     */
    async rebuild(eventId: EventId, changes: string | null, snapshot: Snapshot): Promise<RebuildAnswer> {
      const shadow = await writeShadow(redis, eventId, snapshot.holds)
      const free = JSON.stringify(snapshot.free.flatMap(({ ticketTypeId, count }) => [ticketTypeId, count]))
      return decode(
        rebuildAnswers,
        await rebuild(...keysOf(eventId), ...shadow, changes ?? '', free, mapOf(snapshot), PROVISIONAL_MS),
      )
    },
    /** Returns how often the event's cache has changed, for `rebuild` to compare. */
    async changes(eventId: EventId): Promise<string> {
      return (await redis.get(`tickets:{${eventId}}:changes`)) ?? '0'
    },
    /** Returns how many places Redis shows as free, by type; null without a cache. */
    async free(eventId: EventId): Promise<Record<string, number> | null> {
      const [epoch = '', free = ''] = keysOf(eventId)
      if ((await redis.exists(epoch)) === 0) return null
      return Object.fromEntries(
        Object.entries(await redis.hgetall(free)).map(([id, count]) => [id, Number(count)]),
      )
    },
  }
}
export type Commands = ReturnType<typeof defineCommands>

const source = (name: string) => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8')

/**
 * Writes the live holds of an event to a shadow copy, in batches: one command for a sold-out hall would block
 * Redis for too long. Returns the keys, which expire unless the shadow copy replaces the cache.
 */
async function writeShadow(
  redis: Redis,
  eventId: EventId,
  holds: Snapshot['holds'],
): Promise<[string, string, string]> {
  const token = randomUUID()
  const [lines, expiries, owners] = ['lines', 'expiries', 'owners'].map(
    (name) => `tickets:{${eventId}}:${token}:${name}`,
  ) as [string, string, string]
  const [seconds = 0, microseconds = 0] = await redis.time()
  const nowMs = seconds * 1_000 + Math.floor(microseconds / 1_000)
  for (let from = 0; from < holds.length; from += SHADOW_HOLDS_AT_ONCE) {
    const some = holds.slice(from, from + SHADOW_HOLDS_AT_ONCE)
    const seats = some.flatMap(({ reservationId, seats }) => seats.flatMap((seat) => [seat, reservationId]))
    await Promise.all([
      redis.hset(
        lines,
        ...some.flatMap((held) => [held.reservationId, `{"provisional":false,${keptOf(held)}`]),
      ),
      redis.zadd(
        expiries,
        ...some.flatMap(({ reservationId, remainingMs }) => [
          nowMs + Math.ceil(remainingMs) + GRACE_MS,
          reservationId,
        ]),
      ),
      seats.length > 0 && redis.hset(owners, ...seats),
      ...[lines, expiries, owners].map((key) => redis.pexpire(key, SHADOW_TTL_MS)),
    ])
  }
  return [lines, expiries, owners]
}

/** Returns the map with every held seat, including holds that have expired but were not swept yet. */
function mapOf({ map, holds }: Snapshot): string {
  const statuses = Buffer.from(map, 'latin1')
  for (const { seats } of holds) for (const seat of seats) statuses.write('h', seat, 'latin1')
  return statuses.toString('latin1')
}

/** `last`: the last argument of every command. */
function defineCommand<Answer>(
  redis: Redis,
  name: string,
  last: number,
  numberOfKeys = 7,
): (...args: (string | number)[]) => Promise<Answer> {
  type Command = (...args: (string | number)[]) => Promise<Answer>
  const command = `tickets-${name}`
  redis.defineCommand(command, { numberOfKeys, lua: `${source('prelude')}\n${source(name)}` })
  const commands = redis as unknown as Record<string, Command>
  return (...args) => (commands[command] as Command).apply(redis, [...args, last])
}

function holdAnswerOf([code = 0, over, ...seats]: number[]): HoldAnswer {
  const answer = decode(heldAnswers, code)
  if (answer === 'HELD' || answer === 'NOT_CACHED') return { answer }
  const mayHaveExpired = over === 1
  return answer === 'TAKEN' ? { answer, mayHaveExpired, seats } : { answer, mayHaveExpired }
}

function decode<T extends Record<number, string>>(answers: T, code: number): T[keyof T] {
  const answer = (answers as Record<number, string>)[code]
  if (answer === undefined) throw new Error(`a command answered ${code}`)
  return answer as T[keyof T]
}
