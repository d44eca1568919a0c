import type { BounceReason, DelayReason } from '@boxoffice/contracts'

/**
 * Returns why a mail bounced permanently, by SES's subtype and the remote status (RFC 3463: 5.1 is about the
 * address).
 */
export function permanentFailureOf(subType: string, status = ''): BounceReason {
  if (subType === 'Suppressed' || subType === 'OnAccountSuppressionList') return 'KNOWN_TO_FAIL'
  return subType === 'NoEmail' || status.startsWith('5.1.') ? 'NO_SUCH_MAILBOX' : 'MAILBOX_REFUSED'
}

const passing: Readonly<Record<string, DelayReason>> = {
  MailboxFull: 'MAILBOX_FULL',
  MessageTooLarge: 'MAIL_TOO_LARGE',
  ContentRejected: 'CONTENT_REFUSED',
  AttachmentRejected: 'CONTENT_REFUSED',
  SpamDetected: 'CONTENT_REFUSED',
}

/** Returns why a mail is delayed or bounced temporarily, by SES's delay type or bounce subtype. */
export const passingFailureOf = (type: string): DelayReason => passing[type] ?? 'NOT_REACHED'
