import {
  EVENT_NOT_ON_SALE,
  RESERVATION_EXPIRED,
  RESERVATION_NOT_EXTENDABLE,
  type ReservationId,
  type ticketsRoutes,
} from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import { completedReservation, reservationInPayment, reserveRefusal, unknownReservation } from './answers.ts'
import { reservationView } from './reservation.ts'
import { findReservation, listLiveOf } from './reservation-repository.ts'
import type { Reserve } from './reserve.ts'
import type { Together } from './together.ts'

interface Deps {
  config: Config
  db: SqlDatabase
  availabilityCache: AvailabilityCache
  reserve: Reserve
  together: Together
}

type ReservationRoutes = Pick<
  typeof ticketsRoutes,
  'createReservation' | 'getReservation' | 'listReservations' | 'extendReservation' | 'releaseReservation'
>

const live = defineCursor({ heldAt: cursorFields.instant, reservationId: cursorFields.id })

export function reservationHandlers(deps: Deps): Handlers<ReservationRoutes> {
  const { config } = deps
  const sql = deps.db
  return {
    createReservation: async ({ body, principal, resourceId, headers }) => {
      const result = await deps.reserve({
        reservationId: resourceId as ReservationId,
        userId: principal.userId,
        eventId: body.eventId,
        orderId: null,
        ticketRequests: body.ticketRequests,
        seconds: config.holdTtlSeconds,
        repeatable: headers['idempotency-key'] !== undefined,
      })
      if (result.outcome !== 'reserved') return reserveRefusal(result, body.eventId)
      return { status: 201, body: reservationView(result.reservation, config) }
    },
    getReservation: async ({ params, principal }) => {
      const reservation = await findReservation(sql, params.reservationId)
      if (!reservation || reservation.userId !== principal.userId)
        return unknownReservation(params.reservationId)
      return { status: 200, body: reservationView(reservation, config) }
    },
    listReservations: async ({ query: { eventId = null, limit, cursor }, principal }) => {
      const after = live.decode(cursor)
      const rows = await listLiveOf(sql, { userId: principal.userId, eventId }, limit + 1, after)
      const { page, nextCursor } = live.pageOf(rows, limit, (last) => last)
      return {
        status: 200,
        body: { reservations: page.map((reservation) => reservationView(reservation, config)), nextCursor },
      }
    },
    extendReservation: async ({ params: { reservationId }, principal: { userId } }) => {
      const result = await deps.together.extendOwn({ reservationId, userId })
      switch (result.outcome) {
        case 'extended':
          await deps.availabilityCache.confirm(result.reservation)
          return { status: 200, body: reservationView(result.reservation, config) }
        case 'longest':
          return refuse(RESERVATION_NOT_EXTENDABLE, { expiresAt: result.expiresAt })
        case 'unknown':
          return unknownReservation(reservationId)
        case 'paying':
          return reservationInPayment()
        case 'paid':
          return completedReservation()
        case 'over':
          return refuse(RESERVATION_EXPIRED)
        case 'not-on-sale':
          return refuse(EVENT_NOT_ON_SALE)
      }
    },
    releaseReservation: async ({ params, principal }) => {
      const result = await deps.together.releaseOwn({ ...params, userId: principal.userId })
      if (result.outcome === 'unknown') return unknownReservation(params.reservationId)
      if (result.outcome === 'paying') return reservationInPayment()
      if (result.outcome === 'paid') return completedReservation()
      if (result.outcome === 'released') await deps.availabilityCache.release([result.reservation])
      return { status: 204, body: undefined }
    },
  }
}
