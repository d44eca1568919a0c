import { type NotificationType, Priority } from '@boxoffice/contracts'
import { isOfAccount } from './account-types.ts'

/** Who goes first, the first first. */
export const inOrder: readonly Priority[] = Priority.options.toReversed()

/** Tickets, money, an evening: it is owed. */
const high: readonly NotificationType[] = [
  'ORDER_CONFIRMATION',
  'TICKET_TRANSFERRED',
  'EVENT_CANCELLED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
  'TICKETS_STOPPED',
]
/**
 * Another mail says it too, or somebody asked for it who can look it up; a reminder has hours, and comes to a
 * whole hall at once.
 */
const low: readonly NotificationType[] = ['ORDER_STATUS_CHANGED', 'EVENT_REMINDER']

/**
 * The priority of what a message asks for. For the links of an account somebody sits before a page and waits.
 */
export const priorityOf = (type: NotificationType): Priority =>
  isOfAccount(type) ? 'URGENT' : high.includes(type) ? 'HIGH' : low.includes(type) ? 'LOW' : 'MEDIUM'
