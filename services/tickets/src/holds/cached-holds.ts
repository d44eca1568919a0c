import type { EventId, ReservationId, ReservationStatus, SeatId } from '@boxoffice/contracts'
import type { CacheReads } from '@boxoffice/service-kit'
import { numbersOf, type Plan } from '../plans/plan.ts'
import type { FindPlan } from '../plans/plan-cache.ts'
import {
  type Commands,
  type HoldAnswer,
  PAYING_EXTRA_MS,
  type Places,
  type Released,
  type SeatedLine,
} from './commands.ts'
import type { Guarded } from './guarded-redis.ts'

/** `mayHaveExpired`: some holds in the way may have expired in the database already. */
export type CacheHold =
  | { outcome: 'held' }
  | { outcome: 'insufficient'; mayHaveExpired: boolean }
  | { outcome: 'taken'; mayHaveExpired: boolean; seatIds: SeatId[] }

/** Places requested for a reservation. */
export interface Requested {
  readonly reservationId: ReservationId
  readonly lines: readonly SeatedLine[]
}

/** A reservation as the database holds it. `remainingMs` is by the database's clock. */
export interface Confirmed extends Released {
  readonly items: readonly SeatedLine[]
  readonly status: ReservationStatus
  readonly remainingMs: number
}

/** Takes and confirms places in the cache; translates seat ids to the plan indexes that Redis stores. */
export function createCachedHolds(deps: {
  commands: Commands
  guarded: Guarded
  rebuilds: { rebuildShared(eventId: EventId): Promise<unknown> }
  findPlan: FindPlan
  update(eventId: EventId, call: () => Promise<unknown>): Promise<void>
  changed(eventId: EventId): void
  reads: CacheReads
}) {
  const { commands, guarded, rebuilds, findPlan, update, changed, reads } = deps

  async function hold(eventId: EventId, requests: readonly Requested[]): Promise<(CacheHold | null)[]> {
    const plan = await planOf(eventId, requests)
    const wanted = requests.map((request) => ({ ...request, places: placesOf(plan, request.lines) }))
    const answers = await guarded(eventId, async () => {
      const held = await commands.hold(eventId, wanted)
      const unknown = held.flatMap(({ answer }, index) => (answer === 'NOT_CACHED' ? [index] : []))
      reads[unknown.length === 0 ? 'hits' : 'misses']++
      if (unknown.length === 0) return held
      await rebuilds.rebuildShared(eventId)
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
    await update(eventId, () => commands.confirm(eventId, kept))
  }

  /** Returns the event's plan if any of the lines has seats. */
  async function planOf(
    eventId: EventId,
    places: readonly { lines: readonly SeatedLine[] }[],
  ): Promise<Plan | null> {
    return places.some(({ lines }) => lines.some(({ seatIds }) => seatIds)) ? findPlan(eventId) : null
  }

  return { hold, confirmAll }
}

const at = <T>(list: readonly T[], indexes: readonly number[]) => indexes.map((index) => list[index] as T)

/** Returns null if the event has no such places even after a rebuild: the database decides. */
function cacheHold(held: HoldAnswer, plan: Plan | null): CacheHold | null {
  switch (held.answer) {
    case 'HELD':
      return { outcome: 'held' }
    case 'INSUFFICIENT':
      return { outcome: 'insufficient', mayHaveExpired: held.mayHaveExpired }
    case 'TAKEN': {
      const seatIds = held.seats.flatMap((number) => plan?.seats[number]?.seatId ?? [])
      return { outcome: 'taken', mayHaveExpired: held.mayHaveExpired, seatIds }
    }
    case 'NOT_CACHED':
      return null
  }
}

/** Returns the lines with the plan indexes of their seats. */
function placesOf(plan: Plan | null, lines: readonly SeatedLine[]): Places {
  const seatIds = lines.flatMap(({ seatIds }) => seatIds ?? [])
  if (seatIds.length === 0) return { lines, seats: [] }
  if (!plan) throw new Error('an event has seats and no plan')
  return { lines, seats: numbersOf(plan, seatIds) }
}
