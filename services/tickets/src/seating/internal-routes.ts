import { SEAT_NOT_FOUND, type ticketsInternalRoutes } from '@boxoffice/contracts'
import { type Handlers, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { unknownEvent } from '../event-replicas/own-event.ts'
import { findSeatOffer } from '../plans/plan-repository.ts'

interface Deps {
  db: SqlDatabase
  findEventReplica: FindEventReplica
}

type Routes = Pick<typeof ticketsInternalRoutes, 'findSeat'>

export function internalSeatHandlers(deps: Deps): Handlers<Routes> {
  const sql = deps.db
  return {
    findSeat: async ({ params: { eventId, seatId } }) => {
      const replica = await deps.findEventReplica(eventId)
      if (!replica || replica.status === 'DRAFT') return unknownEvent(eventId)
      const offer = await findSeatOffer(sql, eventId, seatId)
      if (!offer) return refuse(SEAT_NOT_FOUND, { message: `Seat with ID ${seatId} not found at this event` })
      return { status: 200, body: { eventId, venueId: replica.venueId, seatId, ...offer } }
    },
  }
}
