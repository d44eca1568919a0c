import { type NotificationType, Priority } from '@boxoffice/contracts'
import { isOfAccount } from './account-types.ts'

/** Priorities, the highest first. */
export const inOrder: readonly Priority[] = Priority.options.toReversed()

/** Recipients must get these: they are about tickets, money or an event. */
const high: readonly NotificationType[] = [
  'ORDER_CONFIRMATION',
  'TICKET_TRANSFERRED',
  'EVENT_CANCELLED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
  'TICKETS_STOPPED',
]
/**
 * Another mail says the same, or the reader can look it up. A reminder has hours, and goes to a whole hall at
 * once.
 */
const low: readonly NotificationType[] = ['ORDER_STATUS_CHANGED', 'EVENT_REMINDER']

/** Returns the priority of a type. Links of accounts are urgent: their reader waits for them. */
export const priorityOf = (type: NotificationType): Priority =>
  isOfAccount(type) ? 'URGENT' : high.includes(type) ? 'HIGH' : low.includes(type) ? 'LOW' : 'MEDIUM'
