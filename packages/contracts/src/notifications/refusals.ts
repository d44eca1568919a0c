import { defineNotFound, defineRefusal } from '../http/define-refusal.ts'

export const NOTIFICATION_NOT_FOUND = defineNotFound('NOTIFICATION')
export const PUSH_SUBSCRIPTION_NOT_FOUND = defineNotFound('PUSH_SUBSCRIPTION')
export const SUPPRESSION_NOT_FOUND = defineRefusal(
  'SUPPRESSION_NOT_FOUND',
  404,
  'this address is not on the list: mails are sent to it',
)
export const NOTIFICATION_NOT_PENDING = defineRefusal(
  'NOTIFICATION_NOT_PENDING',
  409,
  'it is being sent or is done: it can no longer be cancelled',
)
export const NOTHING_TO_RESEND = defineRefusal('NOTHING_TO_RESEND', 409, 'there is no mail to resend')
export const PUSH_UNAVAILABLE = defineRefusal(
  'PUSH_UNAVAILABLE',
  409,
  'this installation sends no pushes: use mails or text messages instead',
)
export const PUSH_ENDPOINT_TAKEN = defineRefusal(
  'PUSH_ENDPOINT_TAKEN',
  409,
  'this endpoint is registered to another account with other keys: create a new subscription',
)
