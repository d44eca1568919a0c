import type { SeatId } from '@boxoffice/contracts'
import type { SeatedLine } from '../holds/commands.ts'
import { chooseBest } from '../plans/best-available.ts'
import type { Plan, PlanRow, PlanSeat } from '../plans/plan.ts'
import type { Offer } from './offer.ts'
import { typeOf } from './offer.ts'
import { type RequestedLine, seatedLine } from './reservation-request.ts'

/** The seat map, and seats to exclude: those found to be taken although the map shows them as free. */
export interface KnownStatuses {
  readonly statuses: string
  readonly excluded: ReadonlySet<SeatId>
}

/**
 * Returns the lines of a request with their seats: the named seats, and the best free ones where none are
 * named, picked at random among the best `candidatesMax` choices. Null when there are not enough.
 */
export function chooseSeats(
  requested: readonly RequestedLine[],
  offer: Offer,
  plan: Plan,
  { statuses, excluded }: KnownStatuses,
  candidatesMax = 1,
): SeatedLine[] | null {
  if (!statuses.includes('.')) return null // the answer for most of a crowd
  const lines: SeatedLine[] = []
  for (const line of requested) {
    const { zoneIds, kind } = typeOf(offer, line.ticketTypeId)
    if (kind === 'GENERAL') {
      lines.push({ ...withoutSeats(line), seatIds: null })
      continue
    }
    const named = new Set(line.seatIds)
    const isFree = ({ index, zoneId, seatId }: PlanSeat) =>
      statuses[index] === '.' && zoneIds.includes(zoneId) && !named.has(seatId) && !excluded.has(seatId)
    // Without seats to choose, no row needs to be examined.
    const isFull = ({ seats }: PlanRow) => !hasFree(statuses, seats)
    const best =
      line.bestCount === 0 ? [] : chooseAmong(plan, { isFree, isFull }, line.bestCount, candidatesMax)
    if (!best) return null
    lines.push(seatedLine(line, [...named, ...best.map(({ seatId }) => seatId)], plan))
  }
  return lines
}

/** Returns whether a map shows a free seat in a row; the seats of a row are contiguous in plan order. */
function hasFree(statuses: string, seats: readonly PlanSeat[]): boolean {
  const [first, last] = [seats[0]?.index ?? 0, seats.at(-1)?.index ?? 0]
  return statuses.slice(first, last + 1).includes('.')
}

interface Choice {
  isFree(seat: PlanSeat): boolean
  isFull(row: PlanRow): boolean
}

/** Returns one of the best disjoint choices, among those with no more flaws than the very best. */
function chooseAmong(
  plan: Plan,
  { isFree, isFull }: Choice,
  count: number,
  candidatesMax: number,
): PlanSeat[] | null {
  const candidates: PlanSeat[][] = []
  const seen = new Set<PlanSeat>()
  while (candidates.length < candidatesMax) {
    const next = chooseBest(plan, (seat) => isFree(seat) && !seen.has(seat), count, isFull)
    if (!next || flawsOf(next) > flawsOf(candidates[0] ?? next)) break
    candidates.push(next)
    for (const seat of next) seen.add(seat)
  }
  return candidates[Math.floor(Math.random() * candidates.length)] ?? null
}

/**
 * Counts the seats that are not next to the previous one, and accessible ones, which are meant for those who
 * need them.
 */
const flawsOf = (seats: readonly PlanSeat[]): number =>
  seats.filter(({ index, accessible }, at) => accessible || (at > 0 && seats[at - 1]?.index !== index - 1))
    .length

/** Returns the lines of a request that names all its seats. `plan`: required if there are any. */
export const namedSeats = (requested: readonly RequestedLine[], plan: Plan | null): SeatedLine[] =>
  requested.map((line) =>
    plan && line.seatIds.length > 0
      ? seatedLine(line, line.seatIds, plan)
      : { ...withoutSeats(line), seatIds: null },
  )

const withoutSeats = ({ ticketTypeId, quantity }: RequestedLine) => ({ ticketTypeId, quantity })
