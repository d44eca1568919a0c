import { createHash } from 'node:crypto'
import type { NotificationType, SuppressionCause } from '@boxoffice/contracts'

/** What stands in the list for an address: SHA-256, in hex, of `name@example.com` in lower case, without a display name. */
export function addressHashOf(address: string): string {
  const bare = /<([^<>]+)>\s*$/.exec(address)?.[1] ?? address
  return createHash('sha256').update(bare.trim().normalize('NFC').toLowerCase()).digest('hex')
}

/** Mails that somebody has just asked for, and without which they may lose their account. */
const askedFor: readonly NotificationType[] = ['EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGE', 'EMAIL_CHANGED']

/**
 * Whether a mail of a type is held back from an address: all are where mails come back, all but those asked for after a complaint.
 * `toStranger`: the address is of nobody's account, and somebody else gave it; such mails end when its reader says so.
 */
export const isHeldBack = (type: NotificationType, causes: readonly SuppressionCause[], toStranger: boolean): boolean =>
  causes.includes('BOUNCE') ||
  (causes.includes('COMPLAINT') && !askedFor.includes(type)) ||
  (causes.includes('OPT_OUT') && toStranger)
