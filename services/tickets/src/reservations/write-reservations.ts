import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { type SqlDatabase, sideBySide, type Tx, violatedUnique } from '@boxoffice/service-kit'
import { listReplicasAsOf } from '../event-replicas/replica-repository.ts'
import type { Line, SeatedLine } from '../holds/commands.ts'
import { changeCounters, lockGeneralCounters } from '../holds/counter-repository.ts'
import { listClaimed, type SeatOfEvent } from '../holds/seat-claim-repository.ts'
import { listTypesById } from '../types/type-repository.ts'
import { refusedAsOrderEnded } from './claim.ts'
import type { SeatedRequest, WriteResult } from './hold-attempt.ts'
import { lockBuyers, lockOrders } from './lock-repository.ts'
import { limitOf, type Offer, typeOf } from './offer.ts'
import { listEndedOrders } from './outcome-repository.ts'
import {
  type BuyersTickets,
  insertReservations,
  listExisting,
  listTicketsOfBuyers,
  type NewReservation,
} from './reservation-repository.ts'
import type { ReservationRequest } from './reservation-request.ts'
import { type ReserveResult, refuseOffer, seatsTaken, soldOut } from './reserve-result.ts'

const CONFLICTS_MAX = 5

/**
 * Writes holds that arrived together in one transaction. Everything is checked again under locks, in order,
 * as if each request came alone. All of it takes two round trips and one commit.
 */
export async function writeReservations(
  db: SqlDatabase,
  requests: readonly SeatedRequest[],
  limits: { claimSeconds: number; liveMax: number },
): Promise<WriteResult[]> {
  for (let conflicts = 0; ; conflicts++) {
    try {
      return await db.transactInTwoTrips(
        (tx) => readState(tx, requests),
        (tx, state) => write(tx, decide(requests, state, limits)),
      )
    } catch (error) {
      // Another instance was faster with a seat or an id; its row can be read now.
      const isConflict = ['seat_claims_pkey', 'reservations_pkey'].includes(violatedUnique(error) ?? '')
      if (!isConflict || conflicts === CONFLICTS_MAX) throw error
    }
  }
}

/** What the database has of the requests' orders, events, buyers and places. */
interface State {
  readonly endedOrders: ReadonlySet<string>
  readonly existing: ReadonlySet<ReservationId>
  readonly offers: ReadonlyMap<EventId, Offer>
  readonly buyers: ReadonlyMap<string, BuyerHoldings>
  /** Claimed seats, as `keyOfSeat`. */
  readonly claimed: ReadonlySet<string>
  /** Free places of each general type. */
  readonly free: ReadonlyMap<TicketTypeId, number>
}

const keyOfBuyer = ({ eventId, userId }: Pick<ReservationRequest, 'eventId' | 'userId'>) =>
  `${eventId} ${userId}`
const keyOfSeat = ({ eventId, seatId }: SeatOfEvent) => `${eventId} ${seatId}`

/** Sends all statements before awaiting any; their order is the order of locks. */
async function readState(tx: Tx, requests: readonly SeatedRequest[]): Promise<State> {
  const all = requests.map(({ request }) => request)
  const orderIds = all.flatMap(({ orderId }) => orderId ?? [])
  const eventIds = [...new Set(all.map(({ eventId }) => eventId))]
  const repeatable = all.flatMap((request) => (request.repeatable ? request.reservationId : []))
  const typeIds = [
    ...new Set(all.flatMap(({ ticketRequests }) => ticketRequests.map(({ ticketTypeId }) => ticketTypeId))),
  ]
  const general = [
    ...new Set(
      requests.flatMap(({ lines }) =>
        lines.flatMap(({ seatIds, ticketTypeId }) => (seatIds ? [] : ticketTypeId)),
      ),
    ),
  ]
  const seats = requests.flatMap(seatsOf)
  const [, ended, , existing, buyersTickets, claimed, counters, replicas, types] = await sideBySide([
    orderIds.length > 0 && lockOrders(tx, orderIds),
    orderIds.length > 0 ? listEndedOrders(tx, orderIds) : [],
    lockBuyers(tx, all),
    repeatable.length > 0 ? listExisting(tx, repeatable) : [],
    listTicketsOfBuyers(tx, [...new Map(all.map((request) => [keyOfBuyer(request), request])).values()]),
    seats.length > 0 ? listClaimed(tx, seats) : [],
    general.length > 0 ? lockGeneralCounters(tx, general) : [],
    listReplicasAsOf(tx, eventIds),
    // After the locks: a type that was read before them may have changed.
    listTypesById(tx, typeIds),
  ])
  const typesOf = Map.groupBy(types, ({ eventId }) => eventId)
  return {
    endedOrders: new Set(ended),
    existing: new Set(existing),
    offers: new Map(
      replicas.map((found) => [
        found.replica.eventId,
        { ...found, types: typesOf.get(found.replica.eventId) ?? [] },
      ]),
    ),
    buyers: holdingsByBuyer(buyersTickets),
    claimed: new Set(claimed.map(keyOfSeat)),
    free: new Map(
      counters.map(({ ticketTypeId, capacity, held, sold }) => [ticketTypeId, capacity - held - sold]),
    ),
  }
}

const seatsOf = ({ request: { eventId }, lines }: SeatedRequest): SeatOfEvent[] =>
  lines.flatMap(({ seatIds }) => (seatIds ?? []).map((seatId) => ({ eventId, seatId })))

interface Decided {
  readonly result: WriteResult | null
  /** The row to insert. */
  readonly reservation: NewReservation | null
}

/** Decides each request as if those before it were written. */
function decide(
  requests: readonly SeatedRequest[],
  state: State,
  limits: { claimSeconds: number; liveMax: number },
): Decided[] {
  const buyers = new Map(state.buyers)
  const ids = new Set(state.existing)
  const remaining: RemainingPlaces = { claimed: new Set(state.claimed), free: new Map(state.free) }
  return requests.map((seated) => {
    const { request, lines, plan } = seated
    const { reservationId, userId, eventId, orderId } = request
    const refused = (result: WriteResult): Decided => ({ result, reservation: null })
    if (orderId && state.endedOrders.has(orderId)) return refused(refusedAsOrderEnded)
    if (ids.has(reservationId)) return refused('EXISTING')
    const offer = state.offers.get(eventId)
    if (!offer) return refused({ outcome: 'unknown-event' })
    const refusal = refuseOffer(offer, plan, request)
    if (refusal) return refused(refusal)
    const buyer = buyers.get(keyOfBuyer(request)) ?? noHoldings
    const limit = limitOf(offer, lines, buyer, limits.liveMax)
    if (limit) return refused({ outcome: 'refused', ...limit })
    const unavailable = takePlaces(remaining, seated)
    if (unavailable) return refused(unavailable)
    ids.add(reservationId)
    buyers.set(keyOfBuyer(request), withReservation(buyer, reservationId, lines))
    const items = lines.map((line) => ({ ...line, unitPrice: typeOf(offer, line.ticketTypeId).unitPrice }))
    const { currency } = typeOf(offer, (items[0] as SeatedLine).ticketTypeId)
    const seconds = orderId ? Math.max(request.seconds, limits.claimSeconds) : request.seconds
    return {
      result: null,
      reservation: { reservationId, userId, eventId, orderId, currency, items, seconds },
    }
  })
}

/** The seats that are claimed and the places that are left, counting the requests decided so far. */
interface RemainingPlaces {
  readonly claimed: Set<string>
  readonly free: Map<TicketTypeId, number>
}

/** Takes the places of a request, all or none; returns a refusal if any is not free. */
function takePlaces({ claimed, free }: RemainingPlaces, seated: SeatedRequest): ReserveResult | null {
  const seats = seatsOf(seated)
  const taken = seats.filter((seat) => claimed.has(keyOfSeat(seat))).map(({ seatId }) => seatId)
  if (taken.length > 0) return seatsTaken(taken.toSorted())
  const general = seated.lines.filter(({ seatIds }) => !seatIds)
  if (general.some(({ ticketTypeId, quantity }) => (free.get(ticketTypeId) ?? 0) < quantity)) return soldOut
  for (const seat of seats) claimed.add(keyOfSeat(seat))
  for (const { ticketTypeId, quantity } of general)
    free.set(ticketTypeId, (free.get(ticketTypeId) ?? 0) - quantity)
  return null
}

/** What a buyer has of an event: live reservations, oldest first, and tickets held or bought by type. */
interface BuyerHoldings {
  readonly live: readonly ReservationId[]
  readonly byType: Readonly<Record<TicketTypeId, number>>
}
const noHoldings: BuyerHoldings = { live: [], byType: {} }

function holdingsByBuyer(tickets: readonly BuyersTickets[]): Map<string, BuyerHoldings> {
  const buyers = new Map<string, BuyerHoldings>()
  for (const { reservationId, ...of } of tickets) {
    const key = keyOfBuyer(of)
    buyers.set(key, withReservation(buyers.get(key) ?? noHoldings, reservationId, [of]))
  }
  return buyers
}

function withReservation(
  { live, byType }: BuyerHoldings,
  reservationId: ReservationId | null,
  lines: readonly Line[],
): BuyerHoldings {
  const counts = { ...byType }
  for (const { ticketTypeId, quantity } of lines)
    counts[ticketTypeId] = (counts[ticketTypeId] ?? 0) + quantity
  const isCounted = reservationId === null || live.includes(reservationId)
  return { live: isCounted ? live : [...live, reservationId], byType: counts }
}

async function write(tx: Tx, decided: readonly Decided[]): Promise<WriteResult[]> {
  const reservations = decided.flatMap(({ reservation }) => reservation ?? [])
  if (reservations.length === 0) return decided.map(({ result }) => result as WriteResult)
  const [heldAt] = await sideBySide([
    insertReservations(tx, reservations),
    changeCounters(
      tx,
      reservations.flatMap(({ items }) =>
        items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: quantity, sold: 0 })),
      ),
    ),
  ])
  return decided.map(({ result, reservation }) => {
    if (!reservation) return result as WriteResult
    const { seconds, ...stored } = reservation
    const remainingMs = seconds * 1_000
    const status = stored.orderId ? 'PAYING' : 'ACTIVE'
    const expiresAt = new Date(heldAt.getTime() + remainingMs)
    return { outcome: 'reserved', reservation: { ...stored, heldAt, expiresAt, status, remainingMs } }
  })
}
