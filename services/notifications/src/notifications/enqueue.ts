import type { NotificationId, Priority, UserId } from '@boxoffice/contracts'
import type { Foundation, Tx } from '@boxoffice/service-kit'
import { isEnabled, isUrgent, type SentBy } from '../preferences/preference.ts'
import { type Choices, type Chosen, findChoices, noChoices } from '../preferences/preference-repository.ts'
import { quietUntil } from '../preferences/quiet-hours.ts'
import type { NewNotification, Wanted } from './notification.ts'
import { insertNotifications } from './notification-repository.ts'
import { workingTitles } from './payloads.ts'
import { priorityOf } from './priority.ts'

/** `push`: null where this installation sends none. */
export type Made = Pick<Foundation, 'newId' | 'now'> & { push: object | null }

/**
 * Write what is to be sent, by the channels that each recipient chose and not before their quiet hours end.
 * What was written before for the same message stays as it is.
 */
export async function enqueue(tx: Tx, wanted: readonly Wanted[], made: Made): Promise<void> {
  const users = wanted
    .map(({ recipientId }) => recipientId)
    .filter((userId): userId is UserId => userId !== null)
  const chosen = await findChoices(tx, users)
  const choicesOf = ({ recipientId }: Wanted) => (recipientId && chosen.get(recipientId)) || noChoices
  await insertNotifications(
    tx,
    wanted.flatMap((one) => notificationsOf(one, choicesOf(one), made)),
  )
}

function notificationsOf(wanted: Wanted, choices: Chosen, { newId, now, push }: Made): NewNotification[] {
  return channelsTo(wanted, choices.hasDevice && push !== null)
    .filter((channel) => isEnabled(wanted.type, channel, choices.choices))
    .map((channel) =>
      newNotification(wanted, {
        notificationId: newId() as NotificationId,
        channel,
        choices,
        createdAt: now(),
      }),
    )
}

/** Nobody without an account has a telephone or a browser that we know of; a push to no browser is none. */
function channelsTo({ recipientId }: Wanted, isPushed: boolean): readonly SentBy[] {
  if (recipientId === null) return ['EMAIL']
  return isPushed ? ['EMAIL', 'SMS', 'PUSH'] : ['EMAIL', 'SMS']
}

/**
 * A notification as it begins: held up by quiet hours unless it is `urgent`; that, and its priority, by its
 * type where nobody says.
 */
export function newNotification(
  wanted: Wanted,
  about: Pick<NewNotification, 'notificationId' | 'channel' | 'createdAt' | 'nextAttemptAt'> & {
    choices: Choices
    urgent?: boolean
    priority?: Priority
  },
): NewNotification {
  const {
    choices,
    urgent = isUrgent(wanted.type, about.channel),
    priority = priorityOf(wanted.type),
    ...rest
  } = about
  const waitsUntil = !urgent && choices.quietHours && quietUntil(about.createdAt, choices.quietHours)
  return {
    ...wanted,
    ...rest,
    urgent,
    priority,
    subject: workingTitles[wanted.type],
    ...(waitsUntil && { nextAttemptAt: waitsUntil }),
  }
}
