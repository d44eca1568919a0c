import type {
  EventId,
  OrderId,
  ReservationId,
  SeatId,
  TicketRequest,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'
import type { Line, SeatedLine } from '../holds/commands.ts'
import type { Plan } from '../plans/plan.ts'
import type { Offer } from './offer.ts'

/** A request to hold tickets. One with an order is claimed for its payment at once. */
export interface ReservationRequest {
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly eventId: EventId
  readonly orderId: OrderId | null
  readonly ticketRequests: readonly TicketRequest[]
  readonly seconds: number
  /** Whether the request may be a repetition; only then is the database checked before a refusal. */
  readonly repeatable: boolean
}

/** The places wanted of one type, all lines together: these seats, and `bestCount` of the best free ones. */
export interface RequestedLine extends Line {
  readonly seatIds: readonly SeatId[]
  readonly bestCount: number
}

/** What is wrong with a request, by the path of the field. */
export interface Detail {
  readonly path: string
  readonly message: string
}

/** Merges lines of one type and sorts them by type, the order in which counters are locked. */
export function mergeRequests(requests: readonly TicketRequest[]): RequestedLine[] {
  const lines = new Map<TicketTypeId, RequestedLine>()
  for (const request of requests) {
    const { ticketTypeId } = request
    const { quantity, seatIds, bestCount } = lines.get(ticketTypeId) ?? {
      quantity: 0,
      seatIds: [],
      bestCount: 0,
    }
    const named = 'seatIds' in request ? request.seatIds : []
    const counted = 'quantity' in request ? request.quantity : 0
    const best = 'bestAvailable' in request && request.bestAvailable ? counted : 0
    lines.set(ticketTypeId, {
      ticketTypeId,
      quantity: quantity + counted + named.length,
      seatIds: [...seatIds, ...named],
      bestCount: bestCount + best,
    })
  }
  return [...lines.values()].sort((a, b) => (a.ticketTypeId < b.ticketTypeId ? -1 : 1))
}

/**
 * Returns what is invalid about a request: types that the offer does not have, seats that the types do not
 * have. `plan`: if the event has one.
 */
export function invalidIn(requests: readonly TicketRequest[], offer: Offer, plan: Plan | null): Detail[] {
  const seen = new Set<SeatId>()
  return requests.flatMap((request, index) => {
    const at = (field: string, message: string): Detail[] => [
      { path: `body.ticketRequests.${index}.${field}`, message },
    ]
    const type = offer.types.find(({ ticketTypeId }) => ticketTypeId === request.ticketTypeId)
    if (!type) return at('ticketTypeId', 'is not a ticket type of this event')
    if (type.kind === 'GENERAL') {
      if ('seatIds' in request) return at('seatIds', 'this type has no seats: give a quantity')
      return request.bestAvailable ? at('bestAvailable', 'this type has no seats') : []
    }
    if (!('seatIds' in request)) {
      return request.bestAvailable
        ? []
        : at('quantity', 'this type has seats: give seatIds, or bestAvailable: true')
    }
    return request.seatIds.flatMap((seatId, position) => {
      const seat = plan?.find(seatId)
      if (!seat || !type.zoneIds.includes(seat.zoneId))
        return at(`seatIds.${position}`, 'is not a seat of this type')
      if (seen.has(seatId)) return at(`seatIds.${position}`, 'is listed twice')
      seen.add(seatId)
      return []
    })
  })
}

/** Returns a type's line with its seats in plan order. */
export function seatedLine(
  { ticketTypeId, quantity }: Line,
  seatIds: readonly SeatId[],
  plan: Plan,
): SeatedLine {
  const index = (seatId: SeatId) => plan.find(seatId)?.index ?? 0
  return { ticketTypeId, quantity, seatIds: seatIds.toSorted((a, b) => index(a) - index(b)) }
}
