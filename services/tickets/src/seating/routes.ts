import {
  EVENT_NOT_FOUND,
  type EventId,
  SEATING_PLAN_NOT_FOUND,
  type ticketsRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { type Handlers, isNamedIn, RefusedError, refuse, refuseUnknown } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { isVisibleTo } from '../event-replicas/replica.ts'
import type { Plan } from '../plans/plan.ts'
import type { FindPlan } from '../plans/plan-cache.ts'
import type { SeatMaps } from './seat-maps.ts'
import type { SeatWatch } from './seat-watch.ts'

interface Deps {
  findEventReplica: FindEventReplica
  findPlan: FindPlan
  seatMaps: SeatMaps
  watchSeats: SeatWatch
}

type SeatRoutes = Pick<typeof ticketsRoutes, 'getSeatMap' | 'watchSeatMap'>

export function seatHandlers(deps: Deps): Handlers<SeatRoutes> {
  async function planFor(eventId: EventId, userId: UserId | null): Promise<Plan> {
    const replica = await deps.findEventReplica(eventId)
    if (!replica || !isVisibleTo(replica, userId)) {
      throw new RefusedError(refuseUnknown(EVENT_NOT_FOUND, eventId))
    }
    const plan = await deps.findPlan(eventId)
    if (!plan)
      throw new RefusedError(refuse(SEATING_PLAN_NOT_FOUND, { message: 'this event sells no seats' }))
    return plan
  }

  return {
    getSeatMap: async ({ query, principal, headers }) => {
      const { eventId, planVersion } = await planFor(query.eventId, principal?.userId ?? null)
      const reading = await deps.seatMaps.read(eventId)
      const { etag } = reading
      const caching = { etag, 'cache-control': 'no-cache' }
      if (isNamedIn(headers['if-none-match'], etag)) return { status: 304, body: undefined, headers: caching }
      return { status: 200, body: reading.encoded(planVersion), headers: caching }
    },
    watchSeatMap: async ({ query, principal, signal }) => {
      const plan = await planFor(query.eventId, principal?.userId ?? null)
      return { status: 200, body: deps.watchSeats(plan, signal) }
    },
  }
}
