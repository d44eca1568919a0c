import type { BounceReason, DelayReason } from '@boxoffice/contracts'

/**
 * Why a mail came back for good, from SES's subtype and the status that the other side gave (RFC 3463: 5.1 is
 * about the address).
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

/**
 * Why a mail is late, or came back for what may pass, from SES's type of a delay or its subtype of a bounce.
 */
export const passingFailureOf = (type: string): DelayReason => passing[type] ?? 'NOT_REACHED'
