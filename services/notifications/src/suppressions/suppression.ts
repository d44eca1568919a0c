import { createHash } from 'node:crypto'
import { addressOf, type NotificationType, type SuppressionCause } from '@boxoffice/contracts'

/**
 * What stands in the list for an address: SHA-256, in hex, of its one spelling: `name@example.com`, without a
 * display name.
 */
export const addressHashOf = (address: string): string =>
  createHash('sha256').update(addressOf(address)).digest('hex')

/** Mails that somebody has just asked for, or without which they may lose their account or their tickets. */
const askedFor: readonly NotificationType[] = [
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONTACT_CHANGED',
]

/**
 * Whether a mail of a type is held back from an address: all are where mails come back, all but those asked
 * for after a complaint. `toStranger`: the address is of nobody's account, and somebody else gave it; such
 * mails end when its reader says so.
 */
export const isHeldBack = (
  type: NotificationType,
  causes: readonly SuppressionCause[],
  toStranger: boolean,
): boolean =>
  causes.includes('BOUNCE') ||
  (causes.includes('COMPLAINT') && !askedFor.includes(type)) ||
  (causes.includes('OPT_OUT') && toStranger)
