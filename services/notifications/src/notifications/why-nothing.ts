import { isEnabled } from '../preferences/preference.ts'
import type { Choices } from '../preferences/preference-repository.ts'
import { isOfAccount } from './account-types.ts'
import type { DropReason, ObsoleteReason } from './failure.ts'
import type { StoredNotification } from './resend-repository.ts'

/** What operators read about a notification that would not be sent now. */
const sentences: Readonly<Record<DropReason | ObsoleteReason, string>> = {
  RECIPIENT_GONE: 'its recipient has no account any more',
  EVENT_CANCELLED: 'the event is cancelled',
  TICKETS_NOT_VALID: 'none of its tickets is valid any more',
  LINK_EXPIRED: 'its link has ended',
  LINK_USED: 'its link was used',
  TOO_MANY_TO_UNPROVEN: 'the daily limit of its recipient is reached',
  TEMPLATE_CHANGED: 'its template was changed',
  ORDER_ENDED: 'the order has ended: another notification says how',
  ORDER_MOVED_ON: 'the order has another status by now',
  TOLD_BY_REFUND: 'the notification about the refund says the same',
  NO_TICKETS: 'its recipient has no tickets for the event any more',
  EVENT_BEGAN: 'the event has begun',
  EVENT_MOVED: 'the event was moved to another time',
  TRANSFER_ENDED: 'the offer has ended',
  NO_PHONE: 'its recipient has no telephone number',
  NOT_PROVEN: 'its recipient has not confirmed the mail address of the account',
  NO_DEVICE: 'no device of its recipient takes pushes',
  TURNED_OFF: 'its recipient has turned such notifications off',
}
export const sentenceOf = (reason: DropReason | ObsoleteReason): string => sentences[reason]

/**
 * Returns why a stored notification cannot be repeated, whatever has become of what it is about; null if it
 * can. Links with a secret, addresses, and what another service sent are deleted when a notification ends, so
 * they are not sent again.
 */
export function whyNotRepeatable(
  { type, channel, status, recipientId, requestedBy }: StoredNotification,
  { choices }: Choices,
): string | null {
  if (status === 'PENDING' || status === 'SENDING') return 'it is not sent yet, and will be'
  if (requestedBy !== null)
    return `what ${requestedBy} sent is not kept: that service can request the notification again`
  if (isOfAccount(type)) return 'its secret link is not kept: the reader asks for a new one'
  if (recipientId === null) return 'it went to an address without an account, which is not kept'
  return isEnabled(type, channel, choices) ? null : sentences.TURNED_OFF
}
