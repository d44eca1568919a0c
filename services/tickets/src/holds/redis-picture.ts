import type { EventId, ReservationId, SeatId } from '@boxoffice/contracts'
import { createRedis, type Logger, sqlOfPool, type Tx } from '@boxoffice/service-kit'
import type pg from 'pg'
import { numbersOf, type Plan } from '../seating/plan.ts'
import type { FindPlan } from '../seating/plans.ts'
import { createBreaker } from './breaker.ts'
import {
  type Commands,
  type DrawAnswer,
  defineCommands,
  type Line,
  type MapAnswer,
  type Places,
  type Released,
  type SoldSeat,
} from './commands.ts'
import { listBusyEvents, readDrawing } from './counter-repository.ts'

const DRAW_ATTEMPTS = 3
const BUSY_SECONDS = 120
const BUSY_AT_START_SECONDS = 86_400

/** So many of one type; of a seated type, which seats. */
export interface SeatedLine extends Line {
  readonly seatIds: readonly SeatId[] | null
}

/** `mayBeOver`: holds stand in the way that the database may have let go already. */
export type PictureHold =
  | { outcome: 'held' }
  | { outcome: 'insufficient'; mayBeOver: boolean }
  | { outcome: 'taken'; mayBeOver: boolean; seatIds: SeatId[] }

/**
 * The picture of what is free, in Redis: it refuses the crowd fast, and it may vanish. PostgreSQL is the truth. Nothing here
 * rejects: what Redis could not be told is remembered and drawn anew by `reconcile`.
 */
export interface RedisPicture {
  /** Take places provisionally; null when Redis cannot be had, and sales go on without it. */
  hold(eventId: EventId, reservationId: ReservationId, lines: readonly SeatedLine[]): Promise<PictureHold | null>
  /** The database holds them for so long. */
  confirm(eventId: EventId, reservationId: ReservationId, lines: readonly SeatedLine[], remainingMs: number): Promise<void>
  /** The database has let them go. */
  release(released: readonly Released[]): Promise<void>
  /** What was sold is free again in the database: so many of general types, and these seats. */
  giveBack(eventId: EventId, lines: readonly Line[], seats: readonly SoldSeat[]): Promise<void>
  /** The map of an event's seats; null when Redis cannot be had. */
  map(eventId: EventId): Promise<MapAnswer | null>
  /** What is offered changed: draw the event anew, now. */
  redraw(eventId: EventId): Promise<void>
  /** Something changed that only a new drawing can show: `reconcile` makes it. */
  markStale(eventId: EventId): void
  /** Make Redis equal PostgreSQL for every event with activity; the events that differed. */
  reconcile(): Promise<EventId[]>
  health: { required: false; check(): Promise<unknown> }
  close(): void
}

export function createRedisPicture(options: { url: string; pool: pg.Pool; logger: Logger; findPlan: FindPlan }): RedisPicture {
  const { logger } = options
  const sql = sqlOfPool(options.pool)
  const redis = createRedis(options)
  const commands = defineCommands(redis)
  const guarded = createBreaker({ onFailure: (error) => logger.warn({ err: error }, 'a Redis command failed') })
  const stale = new Set<EventId>()
  const drawing = new Map<EventId, Promise<boolean>>()
  let windowSeconds = BUSY_AT_START_SECONDS

  async function draw(eventId: EventId, inAnyCase: boolean): Promise<boolean> {
    const answer = await drawFromDatabase(commands, sql, eventId, inAnyCase)
    if (answer === 'CHANGED_MEANWHILE') stale.add(eventId)
    return answer === 'CORRECTED'
  }

  /** One drawing at a time: those who find none wait for the same. */
  function drawOnce(eventId: EventId): Promise<boolean> {
    const current = drawing.get(eventId) ?? draw(eventId, true).finally(() => drawing.delete(eventId))
    drawing.set(eventId, current)
    return current
  }

  async function tell(eventId: EventId, call: () => Promise<unknown>): Promise<void> {
    const told = await guarded(async () => {
      await call()
      return true
    })
    if (!told) stale.add(eventId)
  }

  const placesOf = async (eventId: EventId, lines: readonly SeatedLine[]): Promise<Places> => ({
    lines,
    seats: await numbersIn(options.findPlan, eventId, lines),
  })

  return {
    async hold(eventId, reservationId, lines) {
      const places = await placesOf(eventId, lines)
      return guarded(async () => {
        let held = await commands.hold(eventId, reservationId, places)
        if (held.answer === 'NO_PICTURE') {
          await drawOnce(eventId)
          held = await commands.hold(eventId, reservationId, places)
        }
        switch (held.answer) {
          case 'HELD':
            return { outcome: 'held' }
          case 'INSUFFICIENT':
            return { outcome: 'insufficient', mayBeOver: held.mayBeOver }
          case 'TAKEN': {
            const seatIds = seatIdsOf((await options.findPlan(eventId)) as Plan, held.seats)
            return { outcome: 'taken', mayBeOver: held.mayBeOver, seatIds }
          }
          case 'NO_PICTURE':
            throw new Error('the picture vanished as soon as it was drawn')
        }
      })
    },
    async confirm(eventId, reservationId, lines, remainingMs) {
      await tell(eventId, async () => commands.confirm(eventId, reservationId, await placesOf(eventId, lines), remainingMs))
    },
    async release(released) {
      for (const [eventId, reservations] of Map.groupBy(released, ({ eventId }) => eventId)) {
        const ids = reservations.map(({ reservationId }) => reservationId)
        await tell(eventId, () => commands.release(eventId, ids))
      }
    },
    giveBack: (eventId, lines, seats) => tell(eventId, () => commands.giveBack(eventId, lines, seats)),
    map: (eventId) =>
      guarded(async () => {
        const map = await commands.map(eventId)
        if (map) return map
        await drawOnce(eventId)
        return commands.map(eventId)
      }),
    redraw: (eventId) => tell(eventId, () => draw(eventId, true)),
    markStale: (eventId) => void stale.add(eventId),
    async reconcile() {
      const events = new Set([...stale, ...(await listBusyEvents(sql, windowSeconds))])
      const corrected: EventId[] = []
      for (const eventId of events) {
        stale.delete(eventId)
        const differed = await guarded(() => draw(eventId, false))
        if (differed === null) stale.add(eventId)
        if (differed) corrected.push(eventId)
      }
      windowSeconds = BUSY_SECONDS
      if (corrected.length > 0) logger.info({ events: corrected }, 'Redis differed from the database and was corrected')
      return corrected
    },
    health: { required: false, check: () => redis.ping() },
    close: () => redis.disconnect(),
  }
}

/** The numbers of the lines' seats in the event's plan. */
async function numbersIn(findPlan: FindPlan, eventId: EventId, lines: readonly SeatedLine[]): Promise<number[]> {
  const seatIds = lines.flatMap(({ seatIds }) => seatIds ?? [])
  if (seatIds.length === 0) return []
  const plan = await findPlan(eventId)
  if (!plan) throw new Error(`event ${eventId} has seats and no plan`)
  return numbersOf(plan, seatIds)
}

const seatIdsOf = (plan: Plan, numbers: readonly number[]) => numbers.flatMap((number) => plan.seats[number]?.seatId ?? [])

/** Draw an event as the database has it; CHANGED_MEANWHILE when it kept changing and was not to be drawn `inAnyCase`. */
async function drawFromDatabase(commands: Commands, sql: Tx, eventId: EventId, inAnyCase: boolean): Promise<DrawAnswer> {
  let answer: DrawAnswer = 'CHANGED_MEANWHILE'
  for (let attempt = 1; attempt <= DRAW_ATTEMPTS && answer === 'CHANGED_MEANWHILE'; attempt++) {
    const changes = await commands.changes(eventId)
    const drawing = await readDrawing(sql, eventId)
    // A hold that came in between may be shown wrongly for a moment; without any picture nothing would be refused.
    answer = await commands.draw(eventId, inAnyCase && attempt === DRAW_ATTEMPTS ? null : changes, drawing)
  }
  return answer
}
