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
  'it is being sent, or has ended: it can be cancelled no more',
)
export const NOTHING_TO_RESEND = defineRefusal('NOTHING_TO_RESEND', 409, 'there is nothing to mail again')
export const PUSH_UNAVAILABLE = defineRefusal(
  'PUSH_UNAVAILABLE',
  409,
  'this installation sends no pushes: ask for mails or text messages',
)
export const PUSH_ENDPOINT_TAKEN = defineRefusal(
  'PUSH_ENDPOINT_TAKEN',
  409,
  'another account has this endpoint, with other keys: subscribe anew',
)
