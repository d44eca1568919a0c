import type { EventId, ReservationId, ReservationStatus, SeatId } from '@boxoffice/contracts'
import { createGroups, createRedis, type Policy, type Sql } from '@boxoffice/service-kit'
import { numbersOf, type Plan } from '../plans/plan.ts'
import type { FindPlan } from '../plans/plan-cache.ts'
import {
  defineCommands,
  type HoldAnswer,
  type Line,
  type MapAnswer,
  PAYING_EXTRA_MS,
  type Places,
  type Released,
  type SeatedLine,
  type SoldSeat,
} from './commands.ts'
import { createDrawings } from './drawings.ts'
import { guardRedis } from './guarded-redis.ts'

const COMMAND_REQUESTS_MAX = 200
const EVENTS_AT_ONCE_MAX = 100

/** `mayBeOver`: holds stand in the way that the database may have let go already. */
export type CacheHold =
  | { outcome: 'held' }
  | { outcome: 'insufficient'; mayBeOver: boolean }
  | { outcome: 'taken'; mayBeOver: boolean; seatIds: SeatId[] }

/** Places that are requested for a reservation. */
export interface Requested {
  readonly reservationId: ReservationId
  readonly lines: readonly SeatedLine[]
}

/** What the database holds. `remainingMs` is by its clock. */
export interface Confirmed extends Released {
  readonly items: readonly SeatedLine[]
  readonly status: ReservationStatus
  readonly remainingMs: number
}

/**
 * The cache of what is free, in Redis: it refuses the crowd fast, and it may vanish. PostgreSQL is the
 * truth. Nothing here rejects: what Redis could not be told is remembered and drawn anew by `reconcile`.
 */
export interface AvailabilityCache {
  /**
   * Take places provisionally, by one command, in their order; null when Redis is unavailable, and sales go
   * on without it.
   */
  hold(eventId: EventId, requests: readonly Requested[]): Promise<(CacheHold | null)[]>
  /** The database holds them for so long; while they are paid for, until it is told otherwise. */
  confirm(held: Confirmed): Promise<void>
  /** The same for several of one event, by one command. */
  confirmAll(eventId: EventId, held: readonly Confirmed[]): Promise<void>
  /** The database has let them go. */
  release(released: readonly Released[]): Promise<void>
  /** The database has made tickets of what they held. */
  sell(sold: readonly Released[]): Promise<void>
  /** What was sold is free again in the database: so many of general types, and these seats. */
  giveBack(eventId: EventId, lines: readonly Line[], seats: readonly SoldSeat[]): Promise<void>
  /** The map of an event's seats; null when Redis is unavailable. */
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
  const drawings = createDrawings({ commands, sql: options.db, findPlan, guarded, logger })

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

  async function hold(eventId: EventId, requests: readonly Requested[]): Promise<(CacheHold | null)[]> {
    const plan = await planOf(eventId, requests)
    const wanted = requests.map((request) => ({ ...request, places: placesOf(plan, request.lines) }))
    const answers = await guarded(eventId, async () => {
      const held = await commands.hold(eventId, wanted)
      const unknown = held.flatMap(({ answer }, index) => (answer === 'NOT_CACHED' ? [index] : []))
      if (unknown.length === 0) return held
      await drawings.drawOnce(eventId)
      const again = await commands.hold(eventId, at(wanted, unknown))
      for (const [index, answer] of again.entries()) held[unknown[index] as number] = answer
      return held
    })
    if (!answers) return requests.map(() => null)
    if (answers.some(({ answer }) => answer === 'HELD')) changed(eventId)
    return answers.map((answer) => cacheHold(answer, plan))
  }

  async function confirmAll(eventId: EventId, stored: readonly Confirmed[]): Promise<void> {
    if (stored.length === 0) return
    const plan = await planOf(
      eventId,
      stored.map(({ items }) => ({ lines: items })),
    )
    const kept = stored.map((held) => ({
      reservationId: held.reservationId,
      places: placesOf(plan, held.items),
      remainingMs:
        held.status === 'PAYING' ? Math.max(held.remainingMs, 0) + PAYING_EXTRA_MS : held.remainingMs,
    }))
    await tell(eventId, () => commands.confirm(eventId, kept))
  }

  async function releaseAll(eventId: EventId, released: readonly Released[]): Promise<void> {
    const ids = released.map(({ reservationId }) => reservationId)
    await tell(eventId, () => commands.release(eventId, ids))
  }

  /** The event's plan where any of these has seats. */
  async function planOf(
    eventId: EventId,
    places: readonly { lines: readonly SeatedLine[] }[],
  ): Promise<Plan | null> {
    return places.some(({ lines }) => lines.some(({ seatIds }) => seatIds)) ? findPlan(eventId) : null
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

/** What arrives while the last command about an event is on its way is the next command. */
function groupedByEvent<Request extends { eventId: EventId }>(
  run: (eventId: EventId, requests: readonly Request[]) => Promise<void>,
): (request: Request) => Promise<void> {
  return createGroups<Request, void>({
    laneOf: ({ eventId }) => eventId,
    run: async (requests) => {
      await run((requests[0] as Request).eventId, requests)
      return requests.map(() => undefined)
    },
    mixesLanes: false,
    groupMax: COMMAND_REQUESTS_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: Number.POSITIVE_INFINITY,
  })
}

const at = <T>(list: readonly T[], indexes: readonly number[]) => indexes.map((index) => list[index] as T)

/** Null where the event has no such places even after it was drawn: the database decides. */
function cacheHold(held: HoldAnswer, plan: Plan | null): CacheHold | null {
  switch (held.answer) {
    case 'HELD':
      return { outcome: 'held' }
    case 'INSUFFICIENT':
      return { outcome: 'insufficient', mayBeOver: held.mayBeOver }
    case 'TAKEN': {
      const seatIds = held.seats.flatMap((number) => plan?.seats[number]?.seatId ?? [])
      return { outcome: 'taken', mayBeOver: held.mayBeOver, seatIds }
    }
    case 'NOT_CACHED':
      return null
  }
}

/** The numbers of the lines' seats in the event's plan. */
function placesOf(plan: Plan | null, lines: readonly SeatedLine[]): Places {
  const seatIds = lines.flatMap(({ seatIds }) => seatIds ?? [])
  if (seatIds.length === 0) return { lines, seats: [] }
  if (!plan) throw new Error('an event has seats and no plan')
  return { lines, seats: numbersOf(plan, seatIds) }
}
