import type { Tx } from '@boxoffice/service-kit'
import { changeCounters, listCounters, lockGeneralCounters, suffice } from '../holds/counter-repository.ts'
import { claimSeats } from '../holds/seat-claim-repository.ts'
import { type Expiry, wantedPlacesOf } from '../reservations/expire.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import { moveReservation } from '../reservations/reservation-repository.ts'

/**
 * Turns an order's claim into sold places. If the claim was lost, sells free places instead: of a seated
 * type, the same seats. Returns false when there are not enough.
 */
export async function takePlaces(expiry: Expiry, tx: Tx, reservation: StoredReservation): Promise<boolean> {
  const { reservationId, items } = reservation
  if (reservation.status === 'PAYING') {
    await moveReservation(tx, reservationId, 'PAYING', 'COMPLETED')
    await changeCounters(
      tx,
      items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: quantity })),
    )
    return true
  }
  await expiry.expireOf(tx, wantedPlacesOf(reservation.eventId, items), { wait: false })
  const general = items.filter(({ seatIds }) => !seatIds)
  await lockGeneralCounters(tx, idsOf(general))
  if (!suffice(await listCounters(tx, idsOf(items)), items)) return false
  const seatIds = items.flatMap(({ seatIds }) => seatIds ?? [])
  if (!(await claimSeats(tx, reservation, seatIds))) return false
  await changeCounters(
    tx,
    items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: 0, sold: quantity })),
  )
  return true
}

const idsOf = (items: StoredReservation['items']) => items.map(({ ticketTypeId }) => ticketTypeId)
