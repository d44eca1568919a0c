import type { ReservationId, ticketsRoutes } from '@boxoffice/contracts'
import { type Handlers, refuse, sqlOfPool } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { reserveRefusal, unknownReservation } from './answers.ts'
import { reservationView } from './reservation.ts'
import { findReservation } from './reservation-repository.ts'

type ReservationRoutes = Pick<typeof ticketsRoutes, 'createReservation' | 'getReservation' | 'releaseReservation'>

export function reservationHandlers(deps: Dependencies): Handlers<ReservationRoutes> {
  return {
    createReservation: async ({ body, principal, resourceId, headers }) => {
      const result = await deps.reserve({
        reservationId: resourceId as ReservationId,
        userId: principal.userId,
        eventId: body.eventId,
        orderId: null,
        requests: body.ticketRequests,
        seconds: deps.config.holdTtlSeconds,
        repeatable: headers['idempotency-key'] !== undefined,
      })
      if (result.outcome !== 'reserved') return reserveRefusal(result)
      return { status: 201, body: reservationView(result.reservation) }
    },
    getReservation: async ({ params, principal }) => {
      const reservation = await findReservation(sqlOfPool(deps.pool), params.reservationId)
      if (!reservation || reservation.userId !== principal.userId) return unknownReservation()
      return { status: 200, body: reservationView(reservation) }
    },
    releaseReservation: async ({ params, principal }) => {
      const result = await deps.transact((tx) => deps.releases.releaseOwn(tx, params.reservationId, principal.userId))
      if (result.outcome === 'unknown') return unknownReservation()
      if (result.outcome === 'paying') return refuse(409, 'RESERVATION_IN_PAYMENT', 'this reservation is being paid for')
      if (result.outcome === 'paid')
        return refuse(409, 'RESERVATION_COMPLETED', 'this reservation is paid: its tickets are issued')
      if (result.outcome === 'released') await deps.redisPicture.release([result.reservation])
      return { status: 204, body: undefined }
    },
  }
}
