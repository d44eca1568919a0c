import * as z from 'zod'
import { defineNotFound, defineRefusal } from '../http/define-refusal.ts'

export const EVENT_NOT_FOUND = defineNotFound('EVENT')
export const VENUE_NOT_FOUND = defineRefusal('VENUE_NOT_FOUND', 404, 'no such venue')
export const SEATING_PLAN_NOT_FOUND = defineRefusal(
  'SEATING_PLAN_NOT_FOUND',
  404,
  'the event has no such seating plan',
)

export const EVENT_NOT_EDITABLE = defineRefusal('EVENT_NOT_EDITABLE', 409, 'the event is over or cancelled')
export const EVENT_NOT_DRAFT = defineRefusal(
  'EVENT_NOT_DRAFT',
  409,
  'only drafts can be deleted: cancel the event instead',
)
export const EVENT_NOT_CANCELLABLE = defineRefusal(
  'EVENT_NOT_CANCELLABLE',
  409,
  'only an event on sale can be cancelled',
)
export const EVENT_NOT_PUBLISHABLE = defineRefusal(
  'EVENT_NOT_PUBLISHABLE',
  409,
  'the event cannot be published for these reasons',
  { reasons: z.array(z.string()).optional() },
)
export const PLAN_IN_USE = defineRefusal(
  'PLAN_IN_USE',
  409,
  'tickets were created from this plan: it can no longer be changed',
)
export const ZONES_NOT_IN_PLAN = defineRefusal(
  'ZONES_NOT_IN_PLAN',
  409,
  'the plan does not have all of these zones',
  {
    zoneIds: z.array(z.int()).optional(),
  },
)
