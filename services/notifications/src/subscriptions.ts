import {
  emailChanged,
  emailChangeRequested,
  emailVerificationRequested,
  eventCancelled,
  eventPublished,
  eventUpdated,
  type Message,
  type MessageDefinition,
  orderCancelled,
  orderContactChanged,
  orderContactRequested,
  orderCreated,
  orderStatusChanged,
  passwordResetRequested,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  sessionsEnded,
  ticketsGenerated,
  ticketsReinstated,
  ticketsStopped,
  ticketTransferOffered,
  ticketTransferred,
  userCreated,
  userEmailVerified,
} from '@boxoffice/contracts'
import { type ConsumerOptions, on, type Subscriber } from '@boxoffice/messaging'
import { currentTraceparent, type Tx } from '@boxoffice/service-kit'
import { cancellationOf, updateOf } from './announcements/announcement.ts'
import { insertAnnouncement } from './announcements/announcement-repository.ts'
import { type EnqueueDeps, enqueue } from './notifications/enqueue.ts'
import { confirmationOf, draftOf, type NotificationDraft } from './notifications/notification.ts'
import { reinstatedOf, stoppedOf } from './notifications/stop.ts'
import { offeredOf, transferredOf } from './notifications/transfer.ts'
import { endSessions } from './push/ended-session-repository.ts'
import { type ReminderConfig, reminderOf } from './reminders/reminder.ts'
import { scheduleReminder } from './reminders/reminder-repository.ts'
import { addressHashOf } from './suppressions/suppression.ts'
import { liftConfirmed } from './suppressions/suppression-repository.ts'

type SubscriberDeps = EnqueueDeps & { config: ReminderConfig }
/** A message and the notifications that it causes. */
type Mapping = {
  definition: MessageDefinition
  draftsOf(message: Message<MessageDefinition>): NotificationDraft[]
}
const map = <D extends MessageDefinition>(
  definition: D,
  draftsOf: (message: Message<D>) => NotificationDraft[],
): Mapping => ({
  definition,
  draftsOf: draftsOf as Mapping['draftsOf'],
})

/** Sends it to the address in the message; without one, to the recipient's account. */
const toAddress = (
  draft: NotificationDraft,
  { payload: { email } }: { payload: { email: string | null } },
): NotificationDraft => (email === null ? draft : { ...draft, address: email })

const mappings: readonly Mapping[] = [
  map(userCreated, (message) => [draftOf('USER_WELCOME', message)]),
  map(emailVerificationRequested, (message) => [draftOf('EMAIL_VERIFICATION', message)]),
  map(passwordResetRequested, (message) => [draftOf('PASSWORD_RESET', message)]),
  // The address in the message is not the account's yet, or no longer.
  map(emailChangeRequested, (message) => [toAddress(draftOf('EMAIL_CHANGE', message), message)]),
  map(emailChanged, (message) => [toAddress(draftOf('EMAIL_CHANGED', message), message)]),
  map(ticketsGenerated, (message) => [confirmationOf(message)]),
  map(ticketTransferred, (message) => transferredOf(message)),
  map(ticketTransferOffered, (message) => [offeredOf(message)]),
  map(ticketsStopped, (message) => [stoppedOf(message)]),
  map(ticketsReinstated, (message) => [reinstatedOf(message)]),
  // No receipt for a free order: the confirmation says everything.
  map(paymentCompleted, (message) =>
    message.payload.totalAmount > 0 ? [draftOf('PAYMENT_PROCESSED', message)] : [],
  ),
  map(paymentFailed, (message) => [draftOf('PAYMENT_FAILED', message)]),
  map(refundProcessed, (message) => [draftOf('REFUND_PROCESSED', message)]),
  map(orderCreated, (message) => [draftOf('ORDER_CREATED', message)]),
  map(orderStatusChanged, (message) => [draftOf('ORDER_STATUS_CHANGED', message)]),
  map(orderCancelled, (message) => [draftOf('ORDER_CANCELLED', message)]),
  // To the order's future address, and to the previous one.
  map(orderContactRequested, (message) => [toAddress(draftOf('ORDER_CONTACT_REQUESTED', message), message)]),
  map(orderContactChanged, (message) => [toAddress(draftOf('ORDER_CONTACT_CHANGED', message), message)]),
]

/**
 * Subscribes to messages that cause notifications. Each stores its rows in the transaction of its inbox
 * entry; the sender delivers them.
 */
export const notificationSubscribers = (deps: SubscriberDeps): readonly Subscriber<Tx>[] => [
  ...mappings.map(({ definition, draftsOf }) =>
    on(definition, (tx: Tx, message) => enqueue(tx, draftsOf(message), deps)),
  ),
  // Confirming an address lifts its suppression.
  on(userEmailVerified, (tx: Tx, { payload: { email, verifiedAt } }) =>
    liftConfirmed(tx, addressHashOf(email), verifiedAt),
  ),
  // Ticket holders are fetched page by page after the commit.
  on(eventUpdated, async (tx: Tx, message) => {
    const announcement = updateOf(message, deps.now())
    if (announcement) await insertAnnouncement(tx, announcement)
    await scheduleReminder(tx, reminderOf(message, deps.config))
  }),
  on(eventCancelled, async (tx: Tx, message) => {
    await insertAnnouncement(tx, cancellationOf(message, deps.now()))
    await scheduleReminder(tx, reminderOf(message, deps.config))
  }),
  on(eventPublished, (tx: Tx, message) => scheduleReminder(tx, reminderOf(message, deps.config))),
  on(sessionsEnded, (tx: Tx, { payload }) => endSessions(tx, payload, deps.now())),
]

/**
 * Inserts the rows of several messages at once, each with its own trace; other messages are handled one by
 * one.
 */
export function handleBatch(deps: SubscriberDeps): NonNullable<ConsumerOptions<Tx>['together']> {
  const subscribers = new Map(
    notificationSubscribers(deps).map((subscriber) => [subscriber.definition.eventType, subscriber]),
  )
  const known = new Map(mappings.map((mapping) => [mapping.definition.eventType, mapping]))
  return async (tx, messages, within) => {
    const drafts: NotificationDraft[] = []
    for (const message of messages) {
      const mapping = known.get(message.eventType)
      if (mapping) {
        const traceparent = within(message, currentTraceparent)
        drafts.push(...mapping.draftsOf(message).map((one) => ({ ...one, traceparent })))
      } else await within(message, async () => subscribers.get(message.eventType)?.handle(tx, message))
    }
    await enqueue(tx, drafts, deps)
  }
}
