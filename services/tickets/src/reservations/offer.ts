import {
  CHARGE_MAX,
  formatMoney,
  type ReservationId,
  type ReserveRefusal,
  type reserveRefusals,
  type SeatId,
  sum,
  type TicketTypeId,
  times,
} from '@boxoffice/contracts'
import { type EventReplica, isOnSale } from '../event-replicas/replica.ts'
import type { Line } from '../holds/commands.ts'
import { salesEndOf } from '../types/type.ts'
import type { StoredType } from '../types/type-repository.ts'

/** What an event sells, as of a moment of the database's clock. */
export interface Offer {
  readonly replica: EventReplica
  readonly types: readonly StoredType[]
  readonly asOf: Date
}

/** Where an offer is read: a cache, which may be outdated for a moment, or the database. */
export type OfferSource = 'cache' | 'database'

export interface NotReserved {
  readonly error: keyof typeof reserveRefusals
  readonly message: string
  /** For SEATS_TAKEN: which seats. */
  readonly seatIds?: readonly SeatId[]
  /** For LIMIT_EXCEEDED: which of the buyer's own reservations count. */
  readonly reservationIds?: readonly ReservationId[]
}

/** Returns why an offer does not sell these lines now, to any buyer; null when it does. */
export function refusalOf(
  offer: Offer,
  lines: readonly Line[],
  at: Date,
): (NotReserved & { readonly error: ReserveRefusal }) | null {
  if (!isOnSale(offer.replica, at))
    return { error: 'EVENT_NOT_ON_SALE', message: 'this event is not on sale' }
  for (const { ticketTypeId, quantity } of lines) {
    const type = typeOf(offer, ticketTypeId)
    if (type.salesStartAt && at < type.salesStartAt) {
      return {
        error: 'SALES_CLOSED',
        message: `sales of ${type.name} begin at ${type.salesStartAt.toISOString()}`,
      }
    }
    if (at >= salesEndOf(type, offer.replica)) {
      return { error: 'SALES_CLOSED', message: `sales of ${type.name} have ended` }
    }
    if (quantity > type.maxPerOrder) {
      return { error: 'LIMIT_EXCEEDED', message: `at most ${type.maxPerOrder} of ${type.name} at once` }
    }
    if (type.maxPerUser !== null && quantity > type.maxPerUser) return tooManyOf(type)
  }
  return tooDear(lines.map(({ ticketTypeId, quantity }) => ({ ...typeOf(offer, ticketTypeId), quantity })))
}

/** Refuses an amount that the gateway would not charge, before it is held. */
function tooDear(lines: readonly (StoredType & { quantity: number })[]) {
  if (sum(lines.map(({ unitPrice, quantity }) => times(unitPrice, quantity))) <= CHARGE_MAX) return null
  const most = formatMoney(CHARGE_MAX, (lines[0] as StoredType).currency)
  return {
    error: 'LIMIT_EXCEEDED' as const,
    message: `an order can come to ${most} at most: buy fewer at once`,
  }
}

/** Returns why this buyer may not hold these lines on top of what they have; null when they may. */
export function limitOf(
  offer: Offer,
  lines: readonly Line[],
  buyer: { live: readonly ReservationId[]; byType: Readonly<Record<string, number>> },
  liveMax: number,
): NotReserved | null {
  // Listed so that a buyer who has lost track of them can pay for or release them.
  const own = buyer.live.length > 0 ? { reservationIds: buyer.live } : {}
  if (buyer.live.length >= liveMax) {
    const message = `at most ${liveMax} reservations of an event at a time: release one first`
    return { error: 'LIMIT_EXCEEDED', message, ...own }
  }
  for (const { ticketTypeId, quantity } of lines) {
    const type = typeOf(offer, ticketTypeId)
    if (type.maxPerUser !== null && (buyer.byType[ticketTypeId] ?? 0) + quantity > type.maxPerUser) {
      return { ...tooManyOf(type), ...own }
    }
  }
  return null
}

const tooManyOf = (type: StoredType) => ({
  error: 'LIMIT_EXCEEDED' as const,
  message: `at most ${type.maxPerUser} of ${type.name} per person`,
})

/** Returns the type of a line; throws if the offer does not have it. */
export function typeOf(offer: Offer, ticketTypeId: TicketTypeId): StoredType {
  const type = offer.types.find((type) => type.ticketTypeId === ticketTypeId)
  if (!type) throw new Error(`type ${ticketTypeId} is not a type of event ${offer.replica.eventId}`)
  return type
}
