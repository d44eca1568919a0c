import type { BounceReason } from '@boxoffice/contracts'

/** Reasons for which a notification fails, shown in its recipient's log. */
export type DropReason =
  | 'RECIPIENT_GONE'
  | 'EVENT_CANCELLED'
  | 'TICKETS_NOT_VALID'
  | 'LINK_EXPIRED'
  | 'TOO_MANY_TO_UNPROVEN'
  | 'TEMPLATE_CHANGED'
/** Reasons for which a notification is obsolete: it is withdrawn without a trace. */
export type ObsoleteReason =
  | 'ORDER_ENDED'
  | 'ORDER_MOVED_ON'
  | 'TOLD_BY_REFUND'
  | 'EVENT_CANCELLED'
  | 'TICKETS_NOT_VALID'
  | 'NO_TICKETS'
  | 'EVENT_BEGAN'
  | 'EVENT_MOVED'
  | 'TRANSFER_ENDED'
  | 'LINK_USED'
  | 'NO_PHONE'
  | 'NOT_PROVEN'
  | 'NO_DEVICE'
  | 'TURNED_OFF'

type PushReason = 'DEVICES_GONE' | 'PUSH_TOO_LARGE' | 'PUSH_REFUSED'
type OwnReason =
  | DropReason
  | BounceReason
  | ObsoleteReason
  | PushReason
  | 'GIVEN_UP'
  | 'ADDRESS_SUPPRESSED'
  | 'CANCELLED_BY_ASKER'

/** What recipients read about a notification that did not reach them, by the stored reason. */
const sentences: Readonly<Record<OwnReason, string>> = {
  RECIPIENT_GONE: 'There is no such account any more.',
  EVENT_CANCELLED: 'The event was cancelled before it could be sent.',
  TICKETS_NOT_VALID: 'The tickets were not valid any more when it was to be sent.',
  LINK_EXPIRED: 'Its link had ended before it could be sent. Ask for a new one.',
  TOO_MANY_TO_UNPROVEN:
    'The daily limit was reached. If your address is not confirmed, confirm it, ' +
    'and ask for the tickets again.',
  TEMPLATE_CHANGED:
    'Its template was changed before it could be sent, and needs values that it does not have.',
  ORDER_ENDED: 'The order had ended: another notification says how.',
  ORDER_MOVED_ON: 'The order had another status by then.',
  TOLD_BY_REFUND: 'The notification about the refund says it.',
  NO_TICKETS: 'Its recipient no longer has tickets for the event.',
  EVENT_BEGAN: 'The event had begun.',
  EVENT_MOVED: 'The event has moved to another time.',
  TRANSFER_ENDED: 'The offer had ended.',
  LINK_USED: 'Its link had been used.',
  NO_PHONE: 'There is no telephone number.',
  NOT_PROVEN: 'The mail address of the account is not confirmed: no text messages go to its telephone.',
  NO_DEVICE: 'No device accepts pushes.',
  TURNED_OFF: 'Its recipient has turned such notifications off.',
  CANCELLED_BY_ASKER: 'It was cancelled before it was sent.',
  GIVEN_UP: 'It could not be sent for a long time and will not be retried.',
  ADDRESS_SUPPRESSED:
    'Mails to this address came back, or were called unwanted there, so that none is sent to it any more.',
  DEVICES_GONE: 'None of your devices accepts our pushes any more. Turn them on again there.',
  PUSH_TOO_LARGE: 'It was too large for the push service of your device.',
  PUSH_REFUSED: 'The push service of your device refused it. Turn pushes off and on again there.',
  NO_SUCH_MAILBOX: 'The mail came back: there is no such mailbox.',
  MAILBOX_REFUSED: 'The mail came back: the mailbox refused it.',
  MAILBOX_FULL: 'The mail came back: the mailbox is full.',
  MAIL_TOO_LARGE: 'The mail came back: it is too large for the mailbox.',
  CONTENT_REFUSED: 'The mail came back: its content or attachments were refused.',
  NOT_REACHED:
    'The mail came back, and may not have arrived: the mailbox could not be reached, ' +
    'or an automatic reply came from it.',
  KNOWN_TO_FAIL: 'It was not sent: earlier mails to this address came back, or were called unwanted there.',
  UNSAFE_CONTENT: 'It was not sent: the mail provider considered its content dangerous.',
}

const isOwn = (reason: string): reason is OwnReason => Object.hasOwn(sentences, reason)

/**
 * Returns a failure as its recipient sees it. Reasons of providers mean nothing to people and get a general
 * sentence.
 */
export const failureOf = (reason: string) => ({
  reason,
  message: isOwn(reason) ? sentences[reason] : 'It was refused when it was to be sent.',
})
