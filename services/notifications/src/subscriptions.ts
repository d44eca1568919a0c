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
import { enqueue, type Made } from './notifications/enqueue.ts'
import { confirmationOf, type Wanted, wantedOf } from './notifications/notification.ts'
import { reinstatedOf, stoppedOf } from './notifications/stop.ts'
import { offeredOf, transferredOf } from './notifications/transfer.ts'
import { endSessions } from './push/ended-session-repository.ts'
import { type ReminderConfig, reminderOf } from './reminders/reminder.ts'
import { scheduleReminder } from './reminders/reminder-repository.ts'
import { addressHashOf } from './suppressions/suppression.ts'
import { liftConfirmed } from './suppressions/suppression-repository.ts'

type Deps = Made & { config: ReminderConfig }
/** What a message asks to be sent. */
type Telling = { definition: MessageDefinition; wantedOf(message: Message<MessageDefinition>): Wanted[] }
const tells = <D extends MessageDefinition>(
  definition: D,
  wantedOf: (message: Message<D>) => Wanted[],
): Telling => ({
  definition,
  wantedOf: wantedOf as Telling['wantedOf'],
})

/** To the address that a message names; to the one of the recipient's account where it names none. */
const toAddress = (wanted: Wanted, { payload: { email } }: { payload: { email: string | null } }): Wanted =>
  email === null ? wanted : { ...wanted, address: email }

const tellings: readonly Telling[] = [
  tells(userCreated, (message) => [wantedOf('USER_WELCOME', message)]),
  tells(emailVerificationRequested, (message) => [wantedOf('EMAIL_VERIFICATION', message)]),
  tells(passwordResetRequested, (message) => [wantedOf('PASSWORD_RESET', message)]),
  // To the address that it names, which is not the account's, or no longer.
  tells(emailChangeRequested, (message) => [toAddress(wantedOf('EMAIL_CHANGE', message), message)]),
  tells(emailChanged, (message) => [toAddress(wantedOf('EMAIL_CHANGED', message), message)]),
  tells(ticketsGenerated, (message) => [confirmationOf(message)]),
  tells(ticketTransferred, (message) => transferredOf(message)),
  tells(ticketTransferOffered, (message) => [offeredOf(message)]),
  tells(ticketsStopped, (message) => [stoppedOf(message)]),
  tells(ticketsReinstated, (message) => [reinstatedOf(message)]),
  // Of what cost nothing there is no receipt: the confirmation says all of it.
  tells(paymentCompleted, (message) =>
    message.payload.totalAmount > 0 ? [wantedOf('PAYMENT_PROCESSED', message)] : [],
  ),
  tells(paymentFailed, (message) => [wantedOf('PAYMENT_FAILED', message)]),
  tells(refundProcessed, (message) => [wantedOf('REFUND_PROCESSED', message)]),
  tells(orderCreated, (message) => [wantedOf('ORDER_CREATED', message)]),
  tells(orderStatusChanged, (message) => [wantedOf('ORDER_STATUS_CHANGED', message)]),
  tells(orderCancelled, (message) => [wantedOf('ORDER_CANCELLED', message)]),
  // To the address that is to be the order's, and to where its mails went before.
  tells(orderContactRequested, (message) => [
    toAddress(wantedOf('ORDER_CONTACT_REQUESTED', message), message),
  ]),
  tells(orderContactChanged, (message) => [toAddress(wantedOf('ORDER_CONTACT_CHANGED', message), message)]),
]

/**
 * What each message becomes: rows to be sent, in the transaction that remembers the message. Sending is the
 * sender's work.
 */
export const notificationSubscribers = (made: Deps): readonly Subscriber<Tx>[] => [
  ...tellings.map(({ definition, wantedOf }) =>
    on(definition, (tx: Tx, message) => enqueue(tx, wantedOf(message), made)),
  ),
  // Whoever confirms an address reads there and wants our mails.
  on(userEmailVerified, (tx: Tx, { payload: { email, verifiedAt } }) =>
    liftConfirmed(tx, addressHashOf(email), verifiedAt),
  ),
  // Everybody who holds a ticket: who they are is asked for page by page, when this is committed.
  on(eventUpdated, async (tx: Tx, message) => {
    const announcement = updateOf(message, made.now())
    if (announcement) await insertAnnouncement(tx, announcement)
    await scheduleReminder(tx, reminderOf(message, made.config))
  }),
  on(eventCancelled, async (tx: Tx, message) => {
    await insertAnnouncement(tx, cancellationOf(message, made.now()))
    await scheduleReminder(tx, reminderOf(message, made.config))
  }),
  on(eventPublished, (tx: Tx, message) => scheduleReminder(tx, reminderOf(message, made.config))),
  on(sessionsEnded, (tx: Tx, { payload }) => endSessions(tx, payload, made.now())),
]

/**
 * The rows of several messages, written at once, each in the trace of its own; the other messages one by one.
 */
export function takeTogether(made: Deps): NonNullable<ConsumerOptions<Tx>['together']> {
  const subscribers = new Map(
    notificationSubscribers(made).map((subscriber) => [subscriber.definition.eventType, subscriber]),
  )
  const known = new Map(tellings.map((telling) => [telling.definition.eventType, telling]))
  return async (tx, messages, within) => {
    const wanted: Wanted[] = []
    for (const message of messages) {
      const telling = known.get(message.eventType)
      if (telling) {
        const traceparent = within(message, currentTraceparent)
        wanted.push(...telling.wantedOf(message).map((one) => ({ ...one, traceparent })))
      } else await within(message, async () => subscribers.get(message.eventType)?.handle(tx, message))
    }
    await enqueue(tx, wanted, made)
  }
}
