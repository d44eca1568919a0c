import { readFileSync } from 'node:fs'
import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import type { Redis } from 'ioredis'

/** So many of one type. */
export interface Line {
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
}

/** A reservation that is no longer held. */
export interface Released {
  readonly reservationId: ReservationId
  readonly eventId: EventId
}

/** What is free of each type and every live hold, as the database has it. */
export interface Drawing {
  free: { ticketTypeId: TicketTypeId; count: number }[]
  holds: { reservationId: ReservationId; remainingMs: number; lines: Line[] }[]
}

// The one place that knows the commands' answers.
const heldAnswers = { 1: 'HELD', 2: 'HELD', 0: 'INSUFFICIENT', [-1]: 'INSUFFICIENT_BUT_EXPIRED', [-2]: 'NO_PICTURE' } as const
const drawnAnswers = { 1: 'CORRECTED', 0: 'EQUAL', [-3]: 'CHANGED_MEANWHILE' } as const
export type HoldAnswer = (typeof heldAnswers)[keyof typeof heldAnswers]
export type DrawAnswer = (typeof drawnAnswers)[keyof typeof drawnAnswers]

/** A hold that the database does not confirm ends by itself: a crash between the two leaves nothing behind. */
const PROVISIONAL_MS = 10_000
/** Redis lets a hold go a little later than the database: never the other way round. */
const GRACE_MS = 5_000
/** An event that nobody touches for a day is forgotten here and drawn again when it is needed. */
const PICTURE_MS = 86_400_000

const keysOf = (eventId: EventId) =>
  ['epoch', 'free', 'expiries', 'lines', 'changes'].map((name) => `tickets:{${eventId}}:${name}`)
const flat = (lines: readonly Line[]) => lines.flatMap(({ ticketTypeId, quantity }) => [ticketTypeId, quantity])

/** The atomic commands of `lua/`, typed. Loaded once; Redis is sent their digest. */
export function defineCommands(redis: Redis) {
  const hold = define(redis, 'hold')
  const confirm = define(redis, 'confirm')
  const release = define(redis, 'release')
  const draw = define(redis, 'draw')
  return {
    async hold(eventId: EventId, reservationId: ReservationId, lines: readonly Line[]): Promise<HoldAnswer> {
      return decode(heldAnswers, await hold(...keysOf(eventId), reservationId, PROVISIONAL_MS, GRACE_MS, ...flat(lines)))
    },
    async confirm(eventId: EventId, reservationId: ReservationId, lines: readonly Line[], remainingMs: number): Promise<void> {
      await confirm(...keysOf(eventId), reservationId, Math.ceil(remainingMs) + GRACE_MS, ...flat(lines))
    },
    async release(eventId: EventId, reservationIds: readonly ReservationId[]): Promise<void> {
      await release(...keysOf(eventId), ...reservationIds)
    },
    /** `changes`: as it was before the database was read; null draws in any case. */
    async draw(eventId: EventId, changes: string | null, drawing: Drawing): Promise<DrawAnswer> {
      const json = JSON.stringify({
        free: drawing.free.flatMap(({ ticketTypeId, count }) => [ticketTypeId, count]),
        holds: drawing.holds.map((held) => [held.reservationId, Math.ceil(held.remainingMs) + GRACE_MS, flat(held.lines)]),
      })
      return decode(drawnAnswers, await draw(...keysOf(eventId), changes ?? '', PICTURE_MS, json))
    },
    /** Counts what changed the event's picture; compared by `draw`. */
    async changes(eventId: EventId): Promise<string> {
      return (await redis.get(`tickets:{${eventId}}:changes`)) ?? '0'
    },
    /** What Redis believes is free of each type; null without a picture. */
    async free(eventId: EventId): Promise<Record<string, number> | null> {
      const [epoch = '', free = ''] = keysOf(eventId)
      if ((await redis.exists(epoch)) === 0) return null
      return Object.fromEntries(Object.entries(await redis.hgetall(free)).map(([id, count]) => [id, Number(count)]))
    },
  }
}
export type Commands = ReturnType<typeof defineCommands>

function define(redis: Redis, name: string): (...args: (string | number)[]) => Promise<number> {
  const lua = readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8')
  const command = `tickets-${name}`
  redis.defineCommand(command, { numberOfKeys: 5, lua })
  const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<number>>
  return (...args) => (commands[command] as (...args: (string | number)[]) => Promise<number>).apply(redis, args)
}

function decode<T extends Record<number, string>>(answers: T, code: number): T[keyof T] {
  const answer = (answers as Record<number, string>)[code]
  if (answer === undefined) throw new Error(`a command answered ${code}`)
  return answer as T[keyof T]
}
