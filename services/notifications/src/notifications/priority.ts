import { type NotificationType, Priority } from '@boxoffice/contracts'

/** Who goes first, the first first. */
export const inOrder: readonly Priority[] = Priority.options.toReversed()

/** Somebody sits before a page and waits for the link. */
const urgent: readonly NotificationType[] = [
  'USER_WELCOME',
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
]
/** Tickets, money, an evening: it is owed. */
const high: readonly NotificationType[] = [
  'ORDER_CONFIRMATION',
  'TICKET_TRANSFERRED',
  'EVENT_CANCELLED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
  'TICKETS_STOPPED',
]
/** Another mail says it too, or somebody asked for it who can look it up; a reminder has hours, and comes to a whole hall at once. */
const low: readonly NotificationType[] = ['ORDER_STATUS_CHANGED', 'EVENT_REMINDER']

/** The priority of what a message asks for. */
export const priorityOf = (type: NotificationType): Priority =>
  urgent.includes(type) ? 'URGENT' : high.includes(type) ? 'HIGH' : low.includes(type) ? 'LOW' : 'MEDIUM'
