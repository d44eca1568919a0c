import {
  claimRefusals,
  ORDER_HAS_RESERVATION,
  TICKETS_ISSUED,
  type ticketsInternalRoutes,
} from '@boxoffice/contracts'
import { type Handlers, RefusedError, refuse, type SqlDatabase, violatedUnique } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { unknownEvent } from '../event-replicas/own-event.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { FindPlan } from '../plans/plan-cache.ts'
import { refuseInvalid, reserveRefusal, unknownReservation } from './answers.ts'
import { availabilityOf } from './availability.ts'
import { loadOffer } from './offer-cache.ts'
import type { Releases } from './release.ts'
import { reservationView } from './reservation.ts'
import { findReservation } from './reservation-repository.ts'
import { invalidIn, mergeRequests } from './reservation-request.ts'
import type { Reserve } from './reserve.ts'
import type { ReserveResult } from './reserve-result.ts'
import type { Together } from './together.ts'

interface Deps {
  config: Config
  db: SqlDatabase
  findEventReplica: FindEventReplica
  findPlan: FindPlan
  availabilityCache: AvailabilityCache
  releases: Pick<Releases, 'endRefused' | 'releaseClaim'>
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
      const offer = (await deps.findEventReplica(body.eventId)) && (await loadOffer(deps.db, body.eventId))
      if (!offer) return unknownEvent(body.eventId)
      const invalid = invalidIn(body.ticketRequests, offer, await deps.findPlan(body.eventId))
      if (invalid.length > 0) return refuseInvalid(invalid)
      return { status: 200, body: await availabilityOf(deps.db, offer, mergeRequests(body.ticketRequests)) }
    },
    reserve: async ({ body }) => {
      const minutes = body.reservationDurationMinutes
      const request = {
        reservationId: body.reservationId,
        userId: body.userId,
        eventId: body.eventId,
        orderId: body.orderId ?? null,
        ticketRequests: body.ticketRequests,
        seconds: minutes === undefined ? deps.config.holdTtlSeconds : minutes * 60,
        repeatable: true,
      }
      const result = await oneReservationAnOrder(() => reserveForGood(deps, request))
      if (result.outcome !== 'reserved') return reserveRefusal(result, request.eventId)
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
      if (reservation.status === 'PAYING') await deps.availabilityCache.confirm(reservation)
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
          await deps.availabilityCache.release([result.reservation])
          return {
            status: 200,
            body: { released: true, reservationId, ticketsReleased: result.ticketsReleased },
          }
      }
    },
  }
}

/** An order that is refused stays refused, whatever arrives of it later. */
async function reserveForGood(
  { db, reserve, releases }: Deps,
  request: Parameters<Reserve>[0],
): Promise<ReserveResult> {
  const { orderId, reservationId } = request
  const result = await reserve(request)
  if (result.outcome === 'reserved' || orderId === null) return result
  const reason = result.outcome === 'refused' ? result.error : result.outcome
  const hasEnded = await db.transact((tx) => releases.endRefused(tx, { orderId, reservationId, reason }))
  return hasEnded ? result : reserve(request)
}

/** Refuses an order that holds another reservation already: the unique key detects it. */
async function oneReservationAnOrder<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violatedUnique(error) !== 'reservations_order_key') throw error
    throw new RefusedError(refuse(ORDER_HAS_RESERVATION))
  }
}
