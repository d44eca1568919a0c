import type { NotificationId, NotificationType } from '@boxoffice/contracts'
import type { DropReason, ObsoleteReason } from '../notifications/failure.ts'
import type { Handed } from '../notifications/notification.ts'

/** A notification that is not sent: it failed permanently (`dropped`) or is no longer needed (`obsolete`). */
export type Ended = { dropped: DropReason } | { obsolete: ObsoleteReason }

/** Checks right before sending, at low cost, whether a composed notification is still correct. */
export type Recheck = () => Promise<'SAME' | 'CHANGED' | Ended>

/**
 * The result of composing. `bulk`: it has to be composed in the bulk lane; `changed`: its data changed while
 * it was composed.
 */
export type Composition<Composed> =
  | { composed: Composed; recheck: Recheck }
  | Ended
  | { bulk: true }
  | { changed: true }

/** The parts of a composed notification that delivery reads; its provider gets all of it. */
export type Deliverable =
  | { channel: 'EMAIL'; mail: { subject: string }; to: { address: string }; isProven: boolean }
  | { channel: 'SMS'; text: string }
  | { channel: 'PUSH'; message: { body: string } }

/** Returns the subject for the recipient's log. */
export function subjectOf(composed: Deliverable): string {
  if (composed.channel === 'EMAIL') return composed.mail.subject
  return composed.channel === 'SMS' ? composed.text : composed.message.body
}

/** Hands a prepared notification to its provider, once. */
export type HandOver = () => Promise<Handed>

/** Prepares a composed notification for its channel's provider. */
export type Prepare<Composed> = (
  composed: Composed,
  /** `isLast`: there is no further attempt. */
  about: { notificationId: NotificationId; type: NotificationType; date: Date; isLast: boolean },
) => Promise<HandOver>
