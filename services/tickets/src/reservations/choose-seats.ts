import type { SeatId } from '@boxoffice/contracts'
import type { SeatedLine } from '../holds/commands.ts'
import { chooseBest } from '../plans/best-available.ts'
import type { Plan, PlanRow, PlanSeat } from '../plans/plan.ts'
import type { Offer } from './offer.ts'
import { typeOf } from './offer.ts'
import { type RequestedLine, seatedLine } from './reservation-request.ts'

/** The seat map, and seats that turned out to be taken although it shows them free. */
export interface Believed {
  readonly statuses: string
  readonly passedOver: ReadonlySet<SeatId>
}

/**
 * The lines of a request with their seats: those that were named, and the best that are free where none were:
 * one of the best `candidatesMax` choices, by chance. Null when there are not enough.
 */
export function chooseSeats(
  requested: readonly RequestedLine[],
  offer: Offer,
  plan: Plan,
  { statuses, passedOver }: Believed,
  candidatesMax = 1,
): SeatedLine[] | null {
  if (!statuses.includes('.')) return null // what most of a crowd is told
  const lines: SeatedLine[] = []
  for (const line of requested) {
    const { zoneIds, kind } = typeOf(offer, line.ticketTypeId)
    if (kind === 'GENERAL') {
      lines.push({ ...withoutSeats(line), seatIds: null })
      continue
    }
    const named = new Set(line.seatIds)
    const isFree = ({ index, zoneId, seatId }: PlanSeat) =>
      statuses[index] === '.' && zoneIds.includes(zoneId) && !named.has(seatId) && !passedOver.has(seatId)
    // With nothing to choose there need not be anything to choose from.
    const isFull = ({ seats }: PlanRow) => !hasFree(statuses, seats)
    const best =
      line.bestCount === 0 ? [] : chooseAmong(plan, { isFree, isFull }, line.bestCount, candidatesMax)
    if (!best) return null
    lines.push(seatedLine(line, [...named, ...best.map(({ seatId }) => seatId)], plan))
  }
  return lines
}

/** Whether a map shows a seat of a row as free; a row's seats follow each other in plan order. */
function hasFree(statuses: string, seats: readonly PlanSeat[]): boolean {
  const [first, last] = [seats[0]?.index ?? 0, seats.at(-1)?.index ?? 0]
  return statuses.slice(first, last + 1).includes('.')
}

interface Choice {
  isFree(seat: PlanSeat): boolean
  isFull(row: PlanRow): boolean
}

/**
 * One of the best choices that have no seat in common, of those that are no worse in kind than the very best.
 */
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

/** Seats that are not beside the one before, and accessible ones, which are for those who need them. */
const flawsOf = (seats: readonly PlanSeat[]): number =>
  seats.filter(({ index, accessible }, at) => accessible || (at > 0 && seats[at - 1]?.index !== index - 1))
    .length

/** The lines of a request that names all its seats. `plan` where there are any. */
export const namedSeats = (requested: readonly RequestedLine[], plan: Plan | null): SeatedLine[] =>
  requested.map((line) =>
    plan && line.seatIds.length > 0
      ? seatedLine(line, line.seatIds, plan)
      : { ...withoutSeats(line), seatIds: null },
  )

const withoutSeats = ({ ticketTypeId, quantity }: RequestedLine) => ({ ticketTypeId, quantity })
