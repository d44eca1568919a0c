import type { BounceReason } from '@boxoffice/contracts'

/** Why something cannot be sent any more, for its recipient's log. */
export type DropReason =
  | 'RECIPIENT_GONE'
  | 'EVENT_CANCELLED'
  | 'TICKETS_NOT_VALID'
  | 'LINK_EXPIRED'
  | 'TOO_MANY_TO_UNPROVEN'
  | 'TEMPLATE_CHANGED'
/** Why there is nothing to tell: it is taken back, as if it had not been. */
export type PointlessReason =
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
  | PointlessReason
  | PushReason
  | 'GIVEN_UP'
  | 'ADDRESS_SUPPRESSED'
  | 'CANCELLED_BY_ASKER'

/** What is said to a recipient whose notification did not reach them, by the reason that is kept. */
const sentences: Readonly<Record<OwnReason, string>> = {
  RECIPIENT_GONE: 'There is no such account any more.',
  EVENT_CANCELLED: 'The event was cancelled before it could be sent.',
  TICKETS_NOT_VALID: 'The tickets were not valid any more when it was to be sent.',
  LINK_EXPIRED: 'Its link had ended before it could be sent. Ask for a new one.',
  TOO_MANY_TO_UNPROVEN:
    'So many were sent today. Where the address is not confirmed, confirm it, and ask for the tickets again.',
  TEMPLATE_CHANGED: 'Its template was changed before it could be sent, and asks for what it does not have.',
  ORDER_ENDED: 'The order had come to its end: a notification of its own says how.',
  ORDER_MOVED_ON: 'The order had gone on by then.',
  TOLD_BY_REFUND: 'The refund says it.',
  NO_TICKETS: 'Its recipient has no tickets of the event any more.',
  EVENT_BEGAN: 'The event had begun.',
  EVENT_MOVED: 'The event is at another time by now.',
  TRANSFER_ENDED: 'The offer had ended.',
  LINK_USED: 'Its link had been used.',
  NO_PHONE: 'There is no telephone number.',
  NOT_PROVEN: 'The mail address of the account is not confirmed: no text messages go to its telephone.',
  NO_DEVICE: 'No device takes pushes.',
  TURNED_OFF: 'Its recipient has turned such notifications off.',
  CANCELLED_BY_ASKER: 'It was cancelled before it was sent.',
  GIVEN_UP: 'It could not be sent for a long time, and is not tried any more.',
  ADDRESS_SUPPRESSED:
    'Mails to this address came back, or were called unwanted there, so that none is sent to it any more.',
  DEVICES_GONE: 'None of your devices takes pushes from here any more. Turn them on again there.',
  PUSH_TOO_LARGE: 'It was too large for the push service of your device.',
  PUSH_REFUSED: 'The push service of your device refused it. Turn pushes off and on again there.',
  NO_SUCH_MAILBOX: 'The mail came back: there is no such mailbox.',
  MAILBOX_REFUSED: 'The mail came back: the mailbox does not take it.',
  MAILBOX_FULL: 'The mail came back: the mailbox is full.',
  MAIL_TOO_LARGE: 'The mail came back: it is too large for the mailbox.',
  CONTENT_REFUSED: 'The mail came back: what is in it, or attached to it, is not taken there.',
  NOT_REACHED:
    'The mail came back, and may not have arrived: the mailbox could not be reached, or an automatic reply came from it.',
  KNOWN_TO_FAIL: 'It was not sent: earlier mails to this address came back, or were called unwanted there.',
  UNSAFE_CONTENT: 'It was not sent: the mail provider took what is in it for dangerous.',
}

const isOwn = (reason: string): reason is OwnReason => Object.hasOwn(sentences, reason)

/**
 * A failure as its recipient sees it. Reasons that providers give have words of their own, which say nothing
 * to a person.
 */
export const failureOf = (reason: string) => ({
  reason,
  message: isOwn(reason) ? sentences[reason] : 'It was refused when it was to be sent.',
})
