import type { EventId, SeatingPlan } from '@boxoffice/contracts'
import { type EncodedJson, encodedText } from '@boxoffice/service-kit'
import type { StoredPlan } from './plan-repository.ts'

/** A plan as it is answered: its zones are megabytes of JSON that are not read here. */
export const planText = (eventId: EventId, { planVersion, seatCount, zones }: StoredPlan): string =>
  `{"eventId":"${eventId}","planVersion":${planVersion},"seatCount":${seatCount},"zones":${zones}}`

export const planJson = (eventId: EventId, plan: StoredPlan): EncodedJson<SeatingPlan> =>
  encodedText(planText(eventId, plan))
