import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EventId, ReservationId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Redis } from 'ioredis'

/** So many of one type. */
export interface Line {
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
}

/** So many of one type; of a seated type, which seats. */
export interface SeatedLine extends Line {
  readonly seatIds: readonly SeatId[] | null
}

/** So many of each type, and which seats they are: their numbers in plan order, from 0. */
export interface Places {
  readonly lines: readonly Line[]
  readonly seats: readonly number[]
}

/** A reservation that is no longer held. */
export interface Released {
  readonly reservationId: ReservationId
  readonly eventId: EventId
}

/** A seat that was sold, to whom, and as what. */
export interface SoldSeat {
  readonly seat: number
  readonly ticketTypeId: TicketTypeId
  readonly reservationId: ReservationId
}

/** What is free of each type, the map of its seats and every live hold, as the database has it. */
export interface Drawing {
  free: { ticketTypeId: TicketTypeId; count: number }[]
  map: string
  holds: (Places & { reservationId: ReservationId; remainingMs: number })[]
}

/** Places for a reservation. */
export interface HoldRequest {
  readonly reservationId: ReservationId
  readonly places: Places
}

/** `mayBeOver`: holds stand in the way that the database may have let go already. */
export type HoldAnswer =
  | { answer: 'HELD' | 'NOT_CACHED' }
  | { answer: 'INSUFFICIENT'; mayBeOver: boolean }
  | { answer: 'TAKEN'; mayBeOver: boolean; seats: number[] }

/** The status of every seat in plan order; `mayBeOver` as above. */
export interface MapAnswer {
  readonly statuses: string
  readonly asOf: Date
  readonly mayBeOver: boolean
}

// The one place that knows the commands' answers.
const heldAnswers = { 1: 'HELD', 0: 'INSUFFICIENT', [-1]: 'TAKEN', [-2]: 'NOT_CACHED' } as const
const drawnAnswers = { 1: 'CORRECTED', 0: 'EQUAL', [-3]: 'CHANGED_MEANWHILE' } as const
export type DrawAnswer = (typeof drawnAnswers)[keyof typeof drawnAnswers]

/**
 * A hold that the database does not confirm ends by itself: a crash between the two leaves nothing behind.
 */
const PROVISIONAL_MS = 10_000
/** Redis lets a hold go a little later than the database: never the other way round. */
const GRACE_MS = 5_000
/**
 * What is paid for never ends by itself in the database: Redis keeps it until the sweep has had time to ask,
 * and to have it drawn.
 */
export const PAYING_EXTRA_MS = 180_000
/** Holds that are drawn in one command, and how long they wait for the others. */
const DRAWN_AT_ONCE = 500
const ASIDE_MS = 60_000
const keysOf = (eventId: EventId) =>
  ['epoch', 'free', 'expiries', 'lines', 'changes', 'map', 'owners'].map(
    (name) => `tickets:{${eventId}}:${name}`,
  )
const flat = (lines: readonly Line[]) =>
  lines.flatMap(({ ticketTypeId, quantity }) => [ticketTypeId, quantity])
/** Places as they are kept, without the beginning that says whether they are provisional. */
const keptOf = ({ lines, seats }: Places) =>
  `"lines":${JSON.stringify(flat(lines))},"seats":${JSON.stringify(seats)}}`

/**
 * The atomic commands of `lua/`, typed. Loaded once; Redis is sent their digest. Everything about an event
 * that nobody touches for `cacheTtlMs` is forgotten here, and drawn again when it is needed; it has to be
 * longer than any hold.
 */
export function defineCommands(redis: Redis, { cacheTtlMs }: { cacheTtlMs: number }) {
  const define = <Answer>(name: string) => defineCommand<Answer>(redis, name, cacheTtlMs)
  const hold = define<number[][]>('hold')
  const confirm = define<number>('confirm')
  const release = define<number>('release')
  const sell = define<number>('sell')
  const giveBack = define<number>('give-back')
  const map = define<[number, number, string] | []>('map')
  const draw = defineCommand<number>(redis, 'draw', cacheTtlMs, 10)
  return {
    /** Take places for each of these, all of its places or none; the answers in the same order. */
    async hold(eventId: EventId, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
      const wanted = requests.flatMap(({ reservationId, places }) => [reservationId, keptOf(places)])
      const answers = await hold(...keysOf(eventId), PROVISIONAL_MS, GRACE_MS, ...wanted)
      return answers.map(holdAnswerOf)
    },
    /** The database has these. */
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
    /** What a reservation holds is sold; false when nothing of it is known. */
    async sell(eventId: EventId, reservationId: ReservationId): Promise<boolean> {
      return (await sell(...keysOf(eventId), reservationId)) === 1
    },
    /** Places that were sold are free again: so many of general types, and these seats. */
    async giveBack(eventId: EventId, lines: readonly Line[], sold: readonly SoldSeat[]): Promise<void> {
      const seats = sold.map(({ seat, ticketTypeId, reservationId }) => [seat, ticketTypeId, reservationId])
      await giveBack(...keysOf(eventId), JSON.stringify({ lines: flat(lines), seats }))
    },
    /** The map of an event's seats; null without a cache of them. */
    async map(eventId: EventId): Promise<MapAnswer | null> {
      const [now, over, statuses] = await map(...keysOf(eventId), GRACE_MS)
      return statuses === undefined
        ? null
        : { statuses, asOf: new Date(now as number), mayBeOver: over === 1 }
    },
    /** `changes`: as it was before the database was read; null draws in any case. */
    async draw(eventId: EventId, changes: string | null, drawing: Drawing): Promise<DrawAnswer> {
      const aside = await drawAside(redis, eventId, drawing.holds)
      const free = JSON.stringify(drawing.free.flatMap(({ ticketTypeId, count }) => [ticketTypeId, count]))
      return decode(
        drawnAnswers,
        await draw(...keysOf(eventId), ...aside, changes ?? '', free, mapOf(drawing), PROVISIONAL_MS),
      )
    },
    /** Counts what changed the event's cache; compared by `draw`. */
    async changes(eventId: EventId): Promise<string> {
      return (await redis.get(`tickets:{${eventId}}:changes`)) ?? '0'
    },
    /** What Redis believes is free of each type; null without a cache. */
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
 * Write the live holds of an event beside its cache, some at a time: a sold-out hall in one command would
 * hold up everybody for longer than they wait. The keys, which end by themselves when nobody puts them in
 * their place.
 */
async function drawAside(
  redis: Redis,
  eventId: EventId,
  holds: Drawing['holds'],
): Promise<[string, string, string]> {
  const token = randomUUID()
  const [lines, expiries, owners] = ['lines', 'expiries', 'owners'].map(
    (name) => `tickets:{${eventId}}:${token}:${name}`,
  ) as [string, string, string]
  const [seconds = 0, microseconds = 0] = await redis.time()
  const nowMs = seconds * 1_000 + Math.floor(microseconds / 1_000)
  for (let from = 0; from < holds.length; from += DRAWN_AT_ONCE) {
    const some = holds.slice(from, from + DRAWN_AT_ONCE)
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
      ...[lines, expiries, owners].map((key) => redis.pexpire(key, ASIDE_MS)),
    ])
  }
  return [lines, expiries, owners]
}

/** The map with every held seat, also of a hold whose time is over and that was not swept yet. */
function mapOf({ map, holds }: Drawing): string {
  const statuses = Buffer.from(map, 'latin1')
  for (const { seats } of holds) for (const seat of seats) statuses.write('h', seat, 'latin1')
  return statuses.toString('latin1')
}

/** `last`: the argument that every command has last. */
function defineCommand<Answer>(
  redis: Redis,
  name: string,
  last: number,
  numberOfKeys = 7,
): (...args: (string | number)[]) => Promise<Answer> {
  type Command = (...args: (string | number)[]) => Promise<Answer>
  const command = `tickets-${name}`
  redis.defineCommand(command, { numberOfKeys, lua: `${source('let-go')}\n${source(name)}` })
  const commands = redis as unknown as Record<string, Command>
  return (...args) => (commands[command] as Command).apply(redis, [...args, last])
}

function holdAnswerOf([code = 0, over, ...seats]: number[]): HoldAnswer {
  const answer = decode(heldAnswers, code)
  if (answer === 'HELD' || answer === 'NOT_CACHED') return { answer }
  const mayBeOver = over === 1
  return answer === 'TAKEN' ? { answer, mayBeOver, seats } : { answer, mayBeOver }
}

function decode<T extends Record<number, string>>(answers: T, code: number): T[keyof T] {
  const answer = (answers as Record<number, string>)[code]
  if (answer === undefined) throw new Error(`a command answered ${code}`)
  return answer as T[keyof T]
}
