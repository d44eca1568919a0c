import type { EventId, ReservationId, ReservationStatus, SeatId } from '@boxoffice/contracts'
import { createRedis, type Policy, sqlOfPool } from '@boxoffice/service-kit'
import type pg from 'pg'
import { numbersOf, type Plan } from '../seating/plan.ts'
import type { FindPlan } from '../seating/plans.ts'
import {
  defineCommands,
  type HoldAnswer,
  type Line,
  type MapAnswer,
  PAYING_EXTRA_MS,
  type Places,
  type Released,
  type SoldSeat,
} from './commands.ts'
import { createDrawings } from './drawings.ts'
import { guardRedis } from './guarded-redis.ts'

/** So many of one type; of a seated type, which seats. */
export interface SeatedLine extends Line {
  readonly seatIds: readonly SeatId[] | null
}

/** `mayBeOver`: holds stand in the way that the database may have let go already. */
export type PictureHold =
  | { outcome: 'held' }
  | { outcome: 'insufficient'; mayBeOver: boolean }
  | { outcome: 'taken'; mayBeOver: boolean; seatIds: SeatId[] }

/** What the database holds. `remainingMs` is by its clock. */
export interface Confirmed extends Released {
  readonly items: readonly SeatedLine[]
  readonly status: ReservationStatus
  readonly remainingMs: number
}

/**
 * The picture of what is free, in Redis: it refuses the crowd fast, and it may vanish. PostgreSQL is the truth. Nothing here
 * rejects: what Redis could not be told is remembered and drawn anew by `reconcile`.
 */
export interface RedisPicture {
  /** Take places provisionally; null when Redis cannot be had, and sales go on without it. */
  hold(eventId: EventId, reservationId: ReservationId, lines: readonly SeatedLine[]): Promise<PictureHold | null>
  /** The database holds them for so long; while they are paid for, until it is told otherwise. */
  confirm(held: Confirmed): Promise<void>
  /** The database has let them go. */
  release(released: readonly Released[]): Promise<void>
  /** The database has made tickets of what they held. */
  sell(sold: readonly Released[]): Promise<void>
  /** What was sold is free again in the database: so many of general types, and these seats. */
  giveBack(eventId: EventId, lines: readonly Line[], seats: readonly SoldSeat[]): Promise<void>
  /** The map of an event's seats; null when Redis cannot be had. */
  map(eventId: EventId): Promise<MapAnswer | null>
  /** What is offered changed: draw the event anew, now. */
  redraw(eventId: EventId): Promise<void>
  /** Something changed that only a new drawing can show: `reconcile` makes it. */
  markStale(eventId: EventId): void
  /** Be told after everything that this process changes about an event, whether Redis could be had or not. */
  onChange(listener: (eventId: EventId) => void): void
  /** Make Redis equal PostgreSQL for every event with activity; the events that differed. */
  reconcile(): Promise<EventId[]>
  close(): void
}

export function createRedisPicture(
  options: Omit<Parameters<typeof createRedis>[0], 'use'> & {
    pool: pg.Pool
    findPlan: FindPlan
    pictureMs: number
    policy: Policy
  },
): RedisPicture {
  const { logger, findPlan } = options
  const redis = createRedis({ ...options, use: 'holds' })
  const commands = defineCommands(redis, options)
  const guarded = guardRedis(options.policy, options)
  const drawings = createDrawings({ commands, sql: sqlOfPool(options.pool), guarded, logger })

  const listeners: ((eventId: EventId) => void)[] = []
  const changed = (eventId: EventId) => {
    for (const listener of listeners) listener(eventId)
  }

  async function tell(eventId: EventId, call: () => Promise<unknown>): Promise<void> {
    const told = await guarded(eventId, async () => {
      await call()
      return true
    })
    if (!told) drawings.markStale(eventId)
    changed(eventId)
  }

  const placesOf = async (eventId: EventId, lines: readonly SeatedLine[]): Promise<Places> => ({
    lines,
    seats: await numbersIn(findPlan, eventId, lines),
  })

  return {
    async hold(eventId, reservationId, lines) {
      const places = await placesOf(eventId, lines)
      const answer = await guarded(eventId, async () => {
        let held = await commands.hold(eventId, reservationId, places)
        if (held.answer === 'NO_PICTURE') {
          await drawings.drawOnce(eventId)
          held = await commands.hold(eventId, reservationId, places)
        }
        return pictureHold(held, held.answer === 'TAKEN' ? await findPlan(eventId) : null)
      })
      if (answer?.outcome === 'held') changed(eventId)
      return answer
    },
    async confirm({ eventId, reservationId, items, status, remainingMs }) {
      const lastsMs = status === 'PAYING' ? Math.max(remainingMs, 0) + PAYING_EXTRA_MS : remainingMs
      await tell(eventId, async () => commands.confirm(eventId, reservationId, await placesOf(eventId, items), lastsMs))
    },
    async release(released) {
      for (const [eventId, reservations] of Map.groupBy(released, ({ eventId }) => eventId)) {
        const ids = reservations.map(({ reservationId }) => reservationId)
        await tell(eventId, () => commands.release(eventId, ids))
      }
    },
    async sell(sold) {
      for (const { eventId, reservationId } of sold) {
        await tell(eventId, async () => {
          if (!(await commands.sell(eventId, reservationId))) drawings.markStale(eventId)
        })
      }
    },
    giveBack: (eventId, lines, seats) => tell(eventId, () => commands.giveBack(eventId, lines, seats)),
    map: (eventId) =>
      guarded(eventId, async () => {
        const map = await commands.map(eventId)
        if (map) return map
        await drawings.drawOnce(eventId)
        return commands.map(eventId)
      }),
    redraw: (eventId) => tell(eventId, () => drawings.draw(eventId)),
    markStale: drawings.markStale,
    onChange: (listener) => void listeners.push(listener),
    reconcile: drawings.reconcile,
    close() {
      guarded.close()
      redis.disconnect()
    },
  }
}

function pictureHold(held: HoldAnswer, plan: Plan | null): PictureHold {
  switch (held.answer) {
    case 'HELD':
      return { outcome: 'held' }
    case 'INSUFFICIENT':
      return { outcome: 'insufficient', mayBeOver: held.mayBeOver }
    case 'TAKEN': {
      const seatIds = held.seats.flatMap((number) => plan?.seats[number]?.seatId ?? [])
      return { outcome: 'taken', mayBeOver: held.mayBeOver, seatIds }
    }
    case 'NO_PICTURE':
      throw new Error('the picture vanished as soon as it was drawn')
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
