import type { SeatId } from '@boxoffice/contracts'
import type { SeatedLine } from '../holds/redis-picture.ts'
import { chooseBest } from '../seating/best-available.ts'
import type { Plan } from '../seating/plan.ts'
import type { Offer } from './offer.ts'
import { typeOf } from './offer.ts'
import { seatedLine, type WishedLine } from './wish.ts'

/**
 * The lines of a wish with their seats: those that were named, and the best that are free where none were. `statuses` is the
 * seat map; `passedOver` are seats that turned out to be taken although it shows them free. Null when there are not enough.
 */
export function chooseSeats(
  wished: readonly WishedLine[],
  offer: Offer,
  plan: Plan,
  statuses: string,
  passedOver: ReadonlySet<SeatId>,
): SeatedLine[] | null {
  if (!statuses.includes('.')) return null // what most of a crowd is told
  const lines: SeatedLine[] = []
  for (const line of wished) {
    const { zoneIds, kind } = typeOf(offer, line.ticketTypeId)
    if (kind === 'GENERAL') {
      lines.push({ ...withoutSeats(line), seatIds: null })
      continue
    }
    const named = new Set(line.seatIds)
    // With nothing to choose there need not be anything to choose from.
    const best =
      line.bestCount === 0
        ? []
        : chooseBest(
            plan,
            (seat) =>
              statuses[seat.index] === '.' &&
              zoneIds.includes(seat.zoneId) &&
              !named.has(seat.seatId) &&
              !passedOver.has(seat.seatId),
            line.bestCount,
          )
    if (!best) return null
    lines.push(seatedLine(line, [...named, ...best.map(({ seatId }) => seatId)], plan))
  }
  return lines
}

/** The lines of a wish that names all its seats. `plan` where there are any. */
export const namedSeats = (wished: readonly WishedLine[], plan: Plan | null): SeatedLine[] =>
  wished.map((line) =>
    plan && line.seatIds.length > 0 ? seatedLine(line, line.seatIds, plan) : { ...withoutSeats(line), seatIds: null },
  )

const withoutSeats = ({ ticketTypeId, quantity }: WishedLine) => ({ ticketTypeId, quantity })
