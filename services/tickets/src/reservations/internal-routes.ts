import {
  claimRefusals,
  ORDER_HAS_RESERVATION,
  TICKETS_ISSUED,
  type ticketsInternalRoutes,
} from '@boxoffice/contracts'
import { type Handlers, RefusedError, refuse, type SqlDatabase, violatedUnique } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { FindEventPicture } from '../event-pictures/event-pictures.ts'
import { unknownEvent } from '../event-pictures/own-event.ts'
import type { RedisPicture } from '../holds/redis-picture.ts'
import type { FindPlan } from '../plans/plan-cache.ts'
import { refuseInvalid, reserveRefusal, unknownReservation } from './answers.ts'
import { availabilityOf } from './availability.ts'
import { loadOffer } from './offer-cache.ts'
import type { Releases } from './release.ts'
import { reservationView } from './reservation.ts'
import { findReservation } from './reservation-repository.ts'
import type { Reserve } from './reserve.ts'
import type { Together } from './together.ts'
import { invalidIn, mergeRequests } from './wish.ts'

interface Deps {
  config: Config
  db: SqlDatabase
  findEventPicture: FindEventPicture
  findPlan: FindPlan
  redisPicture: RedisPicture
  releases: Pick<Releases, 'releaseClaim'>
  reserve: Reserve
  together: Together
}

type Routes = Pick<
  typeof ticketsInternalRoutes,
  'checkAvailability' | 'reserve' | 'getReservationInfo' | 'claimReservation' | 'releaseClaim'
>

export function internalReservationHandlers(deps: Deps): Handlers<Routes> {
  return {
    checkAvailability: async ({ body }) => {
      const offer = (await deps.findEventPicture(body.eventId)) && (await loadOffer(deps.db, body.eventId))
      if (!offer) return unknownEvent(body.eventId)
      const invalid = invalidIn(body.ticketRequests, offer, await deps.findPlan(body.eventId))
      if (invalid.length > 0) return refuseInvalid(invalid)
      return { status: 200, body: await availabilityOf(deps.db, offer, mergeRequests(body.ticketRequests)) }
    },
    reserve: async ({ body }) => {
      const minutes = body.reservationDurationMinutes
      const wish = {
        reservationId: body.reservationId,
        userId: body.userId,
        eventId: body.eventId,
        orderId: body.orderId ?? null,
        requests: body.ticketRequests,
        seconds: minutes === undefined ? deps.config.holdTtlSeconds : minutes * 60,
        repeatable: true,
      }
      const result = await oneReservationAnOrder(() => deps.reserve(wish))
      if (result.outcome !== 'reserved') return reserveRefusal(result, wish.eventId)
      return { status: 200, body: reservationView(result.reservation, deps.config) }
    },
    getReservationInfo: async ({ params }) => {
      const reservation = await findReservation(deps.db, params.reservationId)
      if (!reservation) return unknownReservation(params.reservationId)
      return { status: 200, body: reservationView(reservation, deps.config) }
    },
    claimReservation: async ({ body }) => {
      const result = await oneReservationAnOrder(() => deps.together.claim(body))
      if (result.outcome === 'unknown') return unknownReservation(body.reservationId)
      if (result.outcome === 'refused')
        return refuse(claimRefusals[result.error], { message: result.message })
      const { reservation } = result
      if (reservation.status === 'PAYING') await deps.redisPicture.confirm(reservation)
      return {
        status: 200,
        body: { ...reservationView(reservation, deps.config), userId: body.userId, orderId: body.orderId },
      }
    },
    releaseClaim: async ({ body }) => {
      const result = await deps.db.transact((tx) => deps.releases.releaseClaim(tx, body))
      const { reservationId } = body
      switch (result.outcome) {
        case 'issued':
          return refuse(TICKETS_ISSUED)
        case 'nothing':
          return { status: 200, body: { released: false, reservationId, ticketsReleased: 0 } }
        case 'released':
          await deps.redisPicture.release([result.reservation])
          return {
            status: 200,
            body: { released: true, reservationId, ticketsReleased: result.ticketsReleased },
          }
      }
    },
  }
}

/** An order pays for one reservation: the unique key tells when it holds another. */
async function oneReservationAnOrder<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violatedUnique(error) !== 'reservations_order_key') throw error
    throw new RefusedError(refuse(ORDER_HAS_RESERVATION))
  }
}
