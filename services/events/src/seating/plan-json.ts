import type { EventId, SeatingPlan } from '@boxoffice/contracts'
import { type EncodedJson, encodedText } from '@boxoffice/service-kit'
import type { StoredPlan } from './plan-repository.ts'

/** Returns a plan as a response: its zones are megabytes of JSON that are passed through unparsed. */
export const planText = (eventId: EventId, { planVersion, seatCount, zones }: StoredPlan): string =>
  `{"eventId":"${eventId}","planVersion":${planVersion},"seatCount":${seatCount},"zones":${zones}}`

export const planJson = (eventId: EventId, plan: StoredPlan): EncodedJson<SeatingPlan> =>
  encodedText(planText(eventId, plan))
