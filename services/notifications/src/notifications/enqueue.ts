import type { NotificationId, Priority, UserId } from '@boxoffice/contracts'
import type { Foundation, Tx } from '@boxoffice/service-kit'
import { isEnabled, isUrgent, type SentBy } from '../preferences/preference.ts'
import { type Choices, type Chosen, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import type { NewNotification, NotificationDraft } from './notification.ts'
import { insertNotifications } from './notification-repository.ts'
import { workingTitles } from './payloads.ts'
import { priorityOf } from './priority.ts'

/** `push`: null if this installation sends no pushes. */
export type EnqueueDeps = Pick<Foundation, 'newId' | 'now'> & { push: object | null }

/**
 * Stores notifications for the channels that each recipient chose, due after their quiet hours. Rows that
 * exist for the same message stay unchanged.
 */
export async function enqueue(
  tx: Tx,
  drafts: readonly NotificationDraft[],
  deps: EnqueueDeps,
): Promise<void> {
  const users = drafts
    .map(({ recipientId }) => recipientId)
    .filter((userId): userId is UserId => userId !== null)
  const chosen = await findChoices(tx, users)
  const choicesOf = ({ recipientId }: NotificationDraft) =>
    (recipientId && chosen.get(recipientId)) || noChoices
  await insertNotifications(
    tx,
    drafts.flatMap((one) => notificationsOf(one, choicesOf(one), deps)),
  )
}

function notificationsOf(
  draft: NotificationDraft,
  choices: Chosen,
  { newId, now, push }: EnqueueDeps,
): NewNotification[] {
  return channelsTo(draft, choices.hasDevice && push !== null)
    .filter((channel) => isEnabled(draft.type, channel, choices.choices))
    .map((channel) =>
      newNotification(draft, {
        notificationId: newId() as NotificationId,
        channel,
        choices,
        createdAt: now(),
      }),
    )
}

/** Without an account we know neither a telephone nor a browser; without a browser there is no push. */
function channelsTo({ recipientId }: NotificationDraft, isPushed: boolean): readonly SentBy[] {
  if (recipientId === null) return ['EMAIL']
  return isPushed ? ['EMAIL', 'SMS', 'PUSH'] : ['EMAIL', 'SMS']
}

/**
 * Returns a new notification, delayed by quiet hours unless it is `urgent`. Urgency and priority default to
 * those of its type.
 */
export function newNotification(
  draft: NotificationDraft,
  about: Pick<NewNotification, 'notificationId' | 'channel' | 'createdAt' | 'nextAttemptAt'> & {
    choices: Choices
    urgent?: boolean
    priority?: Priority
  },
): NewNotification {
  const {
    choices,
    urgent = isUrgent(draft.type, about.channel),
    priority = priorityOf(draft.type),
    ...rest
  } = about
  const waitsUntil = !urgent && choices.quietHours && quietUntil(about.createdAt, choices.quietHours)
  return {
    ...draft,
    ...rest,
    urgent,
    priority,
    subject: workingTitles[draft.type],
    ...(waitsUntil && { nextAttemptAt: waitsUntil }),
  }
}
