import { randomUUID } from 'node:crypto'
import {
  type authInternalRoutes,
  type Currency,
  EVENT_NOT_FOUND,
  type EventId,
  type EventInfo,
  type eventsInternalRoutes,
  type Minor,
  type OrderId,
  RESERVATION_EXPIRED,
  RESERVATION_NOT_FOUND,
  type ReservationId,
  reserveRefusals,
  SEAT_NOT_FOUND,
  type SeatId,
  TICKETS_USED,
  type TicketId,
  type TicketRequest,
  type TicketTypeId,
  type ticketsInternalRoutes,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'

export const eventId = randomUUID() as EventId
export const ticketTypeId = randomUUID() as TicketTypeId
export const venueId = randomUUID() as VenueId
const notAsked = async () => Promise.reject(new Error('not asked for here'))
const PRICE = 5_000 as Minor

/** An event service with one event, and others that a test adds. */
export function eventStub() {
  const events = new Map<EventId, Partial<EventInfo>>()
  const state = { isDown: false }
  const infoOf = (id: EventId): EventInfo | null => {
    if (state.isDown) throw new Error('down')
    const known = events.get(id)
    if (!known) return null
    const now = new Date()
    return {
      eventId: id,
      organizerId: randomUUID() as UserId,
      name: 'Night of Strings',
      description: '',
      eventDate: now,
      timeZone: 'UTC',
      venueId: randomUUID() as VenueId,
      venueName: 'Klub Proxima',
      venueAddress: 'Warszawa',
      category: 'MUSIC',
      status: 'PUBLISHED',
      createdAt: now,
      updatedAt: now,
      version: 1,
      ...known,
    }
  }
  const noEvent = () => refuse(EVENT_NOT_FOUND, { message: 'no such event' })
  const handlers: Handlers<typeof eventsInternalRoutes> = {
    async getEventInfo({ params }) {
      const event = infoOf(params.eventId)
      return event ? { status: 200, body: event } : noEvent()
    },
    async validateOrganizer({ params }) {
      const event = infoOf(params.eventId)
      return event
        ? { status: 200, body: { ...params, isOrganizer: event.organizerId === params.userId } }
        : noEvent()
    },
    getEventInfos: notAsked,
    getSeatingPlanInfo: notAsked,
  }
  return { handlers, events, state }
}

/** An auth service that knows every user by one name. */
export function authStub() {
  const state = { isDown: false, asked: 0 }
  const handlers: Handlers<typeof authInternalRoutes> = {
    async getUser({ params }) {
      state.asked++
      if (state.isDown) throw new Error('down')
      const user = {
        firstName: 'Zofia',
        lastName: 'Łącka',
        email: 'zofia@example.test',
        locale: 'pl',
        emailVerified: true,
      }
      return { status: 200, body: { userId: params.userId, ...user, createdAt: new Date() } }
    },
    getUsers: notAsked,
    getUserByEmail: notAsked,
    grantRole: notAsked,
    validateToken: notAsked,
  }
  return { handlers, state }
}

interface StubTicket {
  ticketId: TicketId
  ticketTypeId: TicketTypeId
  unitPrice: Minor
  used: boolean
  refundId?: string
}

/** A ticket service with unlimited tickets, which records its calls; a test may change its answers. */
export function ticketStub() {
  const claims = new Map<OrderId, { quantity: number; released: boolean }>()
  const issued = new Map<OrderId, StubTicket[]>()
  const calls: string[] = []
  const holderNames = new Map<OrderId, string>()
  const holds = new Map<ReservationId, { userId: UserId; unitPrice: Minor }>()
  const state = {
    isDown: false,
    price: PRICE,
    foundPrice: null as Minor | null,
    taken: [] as SeatId[],
    /** Runs before tickets are cancelled. */
    beforeCancel: () => Promise.resolve(),
    expired: false,
    /** The buyer's own reservations, when they are too many. */
    live: [] as ReservationId[],
    /** Runs before tickets are confirmed. */
    beforeConfirm: () => Promise.resolve(),
  }
  const quantityOf = (requests: readonly TicketRequest[]) =>
    requests.reduce(
      (count, request) => count + ('seatIds' in request ? request.seatIds.length : request.quantity),
      0,
    )
  const held = (reservationId: ReservationId, requests: readonly TicketRequest[], of: EventId = eventId) => ({
    reservationId,
    reserved: true as const,
    eventId: of,
    status: 'PAYING' as const,
    expiresAt: new Date(Date.now() + 900_000),
    tickets: requests.map((request) => {
      const quantity = quantityOf([request])
      const seats = 'seatIds' in request ? { seatIds: request.seatIds } : {}
      return {
        ticketTypeId,
        quantity,
        unitPrice: state.price,
        totalPrice: (state.price * quantity) as Minor,
        ...seats,
      }
    }),
    totalAmount: (state.price * quantityOf(requests)) as Minor,
    currency: 'EUR' as Currency,
  })
  const handlers: Handlers<typeof ticketsInternalRoutes> = {
    checkAvailability: notAsked,
    async findSeat({ params }) {
      calls.push('find')
      if (params.eventId !== eventId) return refuse(EVENT_NOT_FOUND, { message: 'no such event' })
      if (params.seatId.startsWith('9-')) return refuse(SEAT_NOT_FOUND, { message: 'no such seat' })
      return {
        status: 200,
        body: {
          ...params,
          venueId,
          ticketTypeId,
          unitPrice: state.foundPrice ?? state.price,
          currency: 'EUR' as Currency,
        },
      }
    },
    async reserve({ body }) {
      calls.push('reserve')
      if (state.isDown) throw new Error('down')
      const quantity = quantityOf(body.ticketRequests)
      const reservationIds = state.live
      if (reservationIds.length > 0)
        return refuse(reserveRefusals.LIMIT_EXCEEDED, {
          message: 'too many',
          reserved: false,
          reservationIds,
        })
      if (quantity > 50)
        return refuse(reserveRefusals.INSUFFICIENT_INVENTORY, {
          message: 'not that many are left',
          reserved: false,
        })
      const seatIds = body.ticketRequests.flatMap((request) => ('seatIds' in request ? request.seatIds : []))
      const taken = seatIds.filter((seatId) => state.taken.includes(seatId))
      if (taken.length > 0)
        return refuse(reserveRefusals.SEATS_TAKEN, {
          message: 'some are taken',
          reserved: false,
          seatIds: taken,
        })
      claims.set(body.orderId as OrderId, { quantity, released: false })
      return { status: 200, body: held(body.reservationId, body.ticketRequests, body.eventId) }
    },
    async getReservationInfo({ params: { reservationId } }) {
      const hold = holds.get(reservationId)
      if (!hold) return refuse(RESERVATION_NOT_FOUND, { message: 'no such reservation' })
      const reservation = held(reservationId, [{ ticketTypeId, quantity: 1 }])
      return {
        status: 200,
        body: { ...reservation, status: 'ACTIVE', totalAmount: hold.unitPrice, userId: hold.userId },
      }
    },
    async claimReservation({ body }) {
      calls.push('claim')
      if (state.expired) return refuse(RESERVATION_EXPIRED, { message: 'the reservation has expired' })
      claims.set(body.orderId, { quantity: 1, released: false })
      const reservation = held(body.reservationId, [{ ticketTypeId, quantity: 1 }])
      return { status: 200, body: { ...reservation, userId: body.userId, orderId: body.orderId } }
    },
    async confirmPurchase({ body }) {
      calls.push('confirm')
      await state.beforeConfirm()
      holderNames.set(body.orderId, body.holderName)
      return { status: 200, body: { confirmed: true as const, orderId: body.orderId, tickets: [] } }
    },
    async releaseClaim({ body }) {
      calls.push('release')
      const claim = claims.get(body.orderId)
      if (claim) claim.released = true
      return {
        status: 200,
        body: {
          released: Boolean(claim),
          reservationId: body.reservationId,
          ticketsReleased: claim?.quantity ?? 0,
        },
      }
    },
    async cancelOrderTickets({ body }) {
      calls.push('cancel')
      if (state.isDown) throw new Error('down')
      await state.beforeCancel()
      const { orderId, refundId, force } = body
      const all = issued.get(orderId) ?? []
      const before = all.filter((ticket) => refundId && ticket.refundId === refundId)
      const wanted = all.filter(
        (ticket) =>
          ticket.refundId === undefined && (!body.ticketIds || body.ticketIds.includes(ticket.ticketId)),
      )
      const used = wanted.filter((ticket) => ticket.used)
      if (before.length === 0 && used.length > 0 && !force) {
        return refuse(TICKETS_USED, {
          message: 'some are used',
          ticketIds: used.map(({ ticketId }) => ticketId),
        })
      }
      if (before.length === 0) for (const ticket of wanted) ticket.refundId = refundId ?? 'none'
      const cancelled = before.length > 0 ? before : wanted
      return {
        status: 200,
        body: {
          orderId,
          cancelled: cancelled.map(({ ticketId, ticketTypeId, unitPrice }) => ({
            ticketId,
            ticketTypeId,
            unitPrice,
          })),
        },
      }
    },
    getTicketInfo: notAsked,
    getTicketPdfInfo: notAsked,
    getTicketQrInfo: notAsked,
    getOrderTickets: notAsked,
  }
  /** The total price of the tickets that still admit. */
  const priceOfValid = (orderId: OrderId) =>
    (issued.get(orderId) ?? [])
      .filter(({ refundId }) => !refundId)
      .reduce((value, { unitPrice }) => value + unitPrice, 0)
  /** A user's reservation of one ticket. */
  function hold(userId: UserId, unitPrice: number): ReservationId {
    const reservationId = randomUUID() as ReservationId
    holds.set(reservationId, { userId, unitPrice: unitPrice as Minor })
    return reservationId
  }
  return { handlers, claims, issued, calls, holderNames, state, priceOfValid, hold }
}
