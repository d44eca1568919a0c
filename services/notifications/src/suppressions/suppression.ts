import { createHash } from 'node:crypto'
import { addressOf, type NotificationType, type SuppressionCause } from '@boxoffice/contracts'

/**
 * Returns the key of an address in the list: SHA-256 in hex of its normalized form, `name@example.com`
 * without a display name.
 */
export const addressHashOf = (address: string): string =>
  createHash('sha256').update(addressOf(address)).digest('hex')

/** Mails that the reader has just requested, or that protect their account or tickets. */
const askedFor: readonly NotificationType[] = [
  'EMAIL_VERIFICATION',
  'PASSWORD_RESET',
  'EMAIL_CHANGE',
  'EMAIL_CHANGED',
  'ORDER_CONTACT_CHANGED',
]

/**
 * Whether a mail is held back from a suppressed address: after a bounce all are, after a complaint all but
 * those in `askedFor`. `toStranger`: another person gave the address, which belongs to no account; such mails
 * stop when its reader opts out.
 */
export const isHeldBack = (
  type: NotificationType,
  causes: readonly SuppressionCause[],
  toStranger: boolean,
): boolean =>
  causes.includes('BOUNCE') ||
  (causes.includes('COMPLAINT') && !askedFor.includes(type)) ||
  (causes.includes('OPT_OUT') && toStranger)
