import {
  EVENT_NOT_EDITABLE,
  EVENT_NOT_FOUND,
  type Event,
  type eventsInternalRoutes,
  type eventsRoutes,
  FORBIDDEN,
  PLAN_IN_USE,
  SEATING_PLAN_NOT_FOUND,
  ZONES_NOT_IN_PLAN,
} from '@boxoffice/contracts'
import {
  type Handlers,
  isNamedIn,
  RefusedError,
  refuse,
  refuseDetails,
  refuseUnknown,
} from '@boxoffice/service-kit'
import type { EventCache } from '../cache/event-cache.ts'
import { isVisibleTo } from '../catalog/event.ts'
import { findEvent } from '../catalog/event-repository.ts'
import { planJson, planText } from './plan-json.ts'
import type { PlanReader } from './plan-reader.ts'
import type { PutPlanDeps } from './put-plan.ts'
import { putPlan, takePlan } from './put-plan.ts'
import type { FindShownPlan, ShownPlan } from './shown-plans.ts'

type Deps = PutPlanDeps & {
  cache: EventCache
  plans: PlanReader
  showPlan: FindShownPlan
}

const noPlan = () => refuse(SEATING_PLAN_NOT_FOUND)

export function seatingHandlers(
  deps: Deps,
): Handlers<Pick<typeof eventsRoutes, 'putSeatingPlan' | 'getSeatingPlan'>> {
  const { db, cache, showPlan } = deps
  return {
    async putSeatingPlan({ params: { eventId }, rawBody, principal }) {
      const read = await deps.plans.read(rawBody)
      if ('details' in read) throw new RefusedError(refuseDetails(read.details))
      const result = await putPlan(deps, eventId, principal.userId, read)
      if (result.put) return { status: 200, body: planJson(eventId, result.plan) }
      switch (result.why) {
        case 'NOT_FOUND':
          return refuseUnknown(EVENT_NOT_FOUND, eventId)
        case 'NOT_YOURS':
          return refuse(FORBIDDEN, { message: 'this is another organizer’s event' })
        case 'NOT_EDITABLE':
          return refuse(EVENT_NOT_EDITABLE)
        case 'IN_USE':
          return refuse(PLAN_IN_USE)
      }
    },
    async getSeatingPlan({ params, query, principal, headers }) {
      const event = await cache.event(params.eventId, () => findEvent(db, params.eventId))
      if (!event || !isVisibleTo(event, principal?.userId))
        return refuseUnknown(EVENT_NOT_FOUND, params.eventId)
      const shown = await showPlan(params.eventId)
      if (!shown) return noPlan()
      const { json, etag, planVersion } = shown
      if (query.planVersion !== undefined && query.planVersion !== planVersion) return noPlan()
      const caching = { etag, 'cache-control': cachingOf(event, shown, query.planVersion !== undefined) }
      if (isNamedIn(headers['if-none-match'], etag)) return { status: 304, body: undefined, headers: caching }
      return { status: 200, body: json, headers: caching }
    },
  }
}

/** Returns the Cache-Control of a plan, so that crowds do not fetch it repeatedly. */
function cachingOf({ status }: Event, { frozen }: ShownPlan, byVersion: boolean): string {
  if (status === 'DRAFT') return 'private, no-cache'
  if (byVersion) return 'public, max-age=31536000, immutable'
  // A frozen plan does not change.
  return frozen ? 'public, max-age=300' : 'private, no-cache'
}

export function seatingInternalHandlers(
  deps: Deps,
): Handlers<Pick<typeof eventsInternalRoutes, 'getSeatingPlanInfo'>> {
  return {
    async getSeatingPlanInfo({ params, query }) {
      const result = await takePlan(deps, params.eventId, query.zoneIds ?? [])
      if (!result) return noPlan()
      if (result.taken) return { status: 200, body: planText(params.eventId, result.plan) }
      return refuse(ZONES_NOT_IN_PLAN, { zoneIds: result.unknownZones })
    },
  }
}
