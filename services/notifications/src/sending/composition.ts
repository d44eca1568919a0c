import type { NotificationId, NotificationType } from '@boxoffice/contracts'
import type { DropReason, PointlessReason } from '../notifications/failure.ts'
import type { Handed } from '../notifications/notification.ts'

/** It is not sent: it failed for good, or there is nothing to tell any more. */
export type Ended = { dropped: DropReason } | { pointless: PointlessReason }

/** Whether what was composed is still right: cheap enough to be asked right before it is sent. */
export type LookAgain = () => Promise<'SAME' | 'CHANGED' | Ended>

/**
 * Something ready to be sent; `dropped`: it failed for good; `pointless`: there is nothing to tell; `bulk`:
 * it is to be composed in the lane of what takes long; `changed`: things were otherwise before it was done.
 */
export type Composition<Composed> =
  | { composed: Composed; lookAgain: LookAgain }
  | Ended
  | { bulk: true }
  | { changed: true }

/** What delivery looks at of something composed. Its provider is handed all of it. */
export type Deliverable =
  | { channel: 'EMAIL'; mail: { subject: string }; to: { address: string }; isProven: boolean }
  | { channel: 'SMS'; text: string }
  | { channel: 'PUSH'; message: { body: string } }

/** What stands in its recipient's log. */
export function subjectOf(composed: Deliverable): string {
  if (composed.channel === 'EMAIL') return composed.mail.subject
  return composed.channel === 'SMS' ? composed.text : composed.message.body
}

/** Something that is all ready: calling it hands it to its provider, once. */
export type HandOver = () => Promise<Handed>

/** Makes what was composed ready for its channel's provider. */
export type Prepare<Composed> = (
  composed: Composed,
  /** `isLast`: it is not tried again. */
  about: { notificationId: NotificationId; type: NotificationType; date: Date; isLast: boolean },
) => Promise<HandOver>
