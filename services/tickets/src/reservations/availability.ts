import type { TicketAvailability } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { listClaimed } from '../holds/seat-claim-repository.ts'
import { type Offer, refusalOf, typeOf } from './offer.ts'
import type { RequestedLine } from './reservation-request.ts'

/** Returns whether a buyer who has nothing of the event yet could hold these lines now, and if not, why. */
export async function availabilityOf(
  sql: Sql,
  offer: Offer,
  lines: readonly RequestedLine[],
): Promise<{ available: boolean; ticketAvailability: TicketAvailability[] }> {
  const { eventId } = offer.replica
  const seats = lines.flatMap(({ seatIds }) => seatIds.map((seatId) => ({ eventId, seatId })))
  const taken = new Set(seats.length > 0 ? (await listClaimed(sql, seats)).map(({ seatId }) => seatId) : [])
  const ticketAvailability = lines.map((line): TicketAvailability => {
    const { ticketTypeId, quantity, seatIds } = line
    const { capacity, held, sold } = typeOf(offer, ticketTypeId)
    const quantityAvailable = capacity - held - sold
    const refused = refusalOf(offer, [line], offer.asOf)?.error
    const missing = seatIds.some((seatId) => taken.has(seatId))
      ? 'SEATS_TAKEN'
      : quantityAvailable < quantity
        ? 'INSUFFICIENT_INVENTORY'
        : undefined
    const error = refused ?? missing
    return {
      ticketTypeId,
      available: !error,
      quantityAvailable,
      quantityRequested: quantity,
      ...(error && { error }),
    }
  })
  const refused = refusalOf(offer, lines, offer.asOf) !== null
  return { available: !refused && ticketAvailability.every(({ available }) => available), ticketAvailability }
}
