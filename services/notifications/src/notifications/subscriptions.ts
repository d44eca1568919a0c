import {
  emailVerificationRequested,
  eventCancelled,
  eventUpdated,
  orderCancelled,
  orderCreated,
  orderStatusChanged,
  passwordResetRequested,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  ticketsGenerated,
  ticketTransferOffered,
  ticketTransferred,
  userCreated,
  userEmailVerified,
} from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Foundation } from '@boxoffice/service-kit'
import { cancellationOf, updateOf } from '../announcements/announcement.ts'
import { insertAnnouncement } from '../announcements/announcement-repository.ts'
import { addressHashOf } from '../feedback/suppression.ts'
import { liftConfirmed } from '../feedback/suppression-repository.ts'
import type { PrismaTx } from '../transaction.ts'
import { enqueue } from './enqueue.ts'
import { confirmationOf, type Wanted, wantedOf } from './notification.ts'
import { offeredOf, transferredOf } from './transfer.ts'

type Made = Pick<Foundation, 'newId' | 'now'>

/** What each message becomes: rows to be sent, in the transaction that remembers the message. Sending is the sender's work. */
export const notificationSubscribers = (made: Made): readonly Subscriber<PrismaTx>[] => {
  const tell = (tx: PrismaTx, ...wanted: Wanted[]) => enqueue(tx, wanted, made)
  return [
    on(userCreated, (tx: PrismaTx, message) => tell(tx, wantedOf('USER_WELCOME', message))),
    on(emailVerificationRequested, (tx: PrismaTx, message) => tell(tx, wantedOf('EMAIL_VERIFICATION', message))),
    on(passwordResetRequested, (tx: PrismaTx, message) => tell(tx, wantedOf('PASSWORD_RESET', message))),
    on(ticketsGenerated, (tx: PrismaTx, message) => tell(tx, confirmationOf(message))),
    on(ticketTransferred, (tx: PrismaTx, message) => tell(tx, ...transferredOf(message))),
    on(ticketTransferOffered, (tx: PrismaTx, message) => tell(tx, offeredOf(message))),
    // Of what cost nothing there is no receipt: the confirmation says all of it.
    on(paymentCompleted, async (tx: PrismaTx, message) => {
      if (message.payload.totalAmount > 0) await tell(tx, wantedOf('PAYMENT_PROCESSED', message))
    }),
    on(paymentFailed, (tx: PrismaTx, message) => tell(tx, wantedOf('PAYMENT_FAILED', message))),
    on(refundProcessed, (tx: PrismaTx, message) => tell(tx, wantedOf('REFUND_PROCESSED', message))),
    on(orderCreated, (tx: PrismaTx, message) => tell(tx, wantedOf('ORDER_CREATED', message))),
    on(orderStatusChanged, (tx: PrismaTx, message) => tell(tx, wantedOf('ORDER_STATUS_CHANGED', message))),
    on(orderCancelled, (tx: PrismaTx, message) => tell(tx, wantedOf('ORDER_CANCELLED', message))),
    // Whoever confirms an address reads there and wants our mails.
    on(userEmailVerified, (tx: PrismaTx, { payload: { email, verifiedAt } }) =>
      liftConfirmed(tx, addressHashOf(email), verifiedAt),
    ),
    // Everybody who holds a ticket: who they are is asked for page by page, when this is committed.
    on(eventUpdated, async (tx: PrismaTx, message) => {
      const announcement = updateOf(message, made.now())
      if (announcement) await insertAnnouncement(tx, announcement)
    }),
    on(eventCancelled, (tx: PrismaTx, message) => insertAnnouncement(tx, cancellationOf(message, made.now()))),
  ]
}
