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
} from '@boxoffice/contracts'
import { ignore, on, type Subscriber } from '@boxoffice/messaging'
import type { Foundation } from '@boxoffice/service-kit'
import type { PrismaTx } from '../dependencies.ts'
import { notificationOf } from './notification.ts'
import { insertNotification } from './notification-repository.ts'

/** What each message becomes: a row to be sent, in the transaction that remembers the message. Sending is the sender's work. */
export const notificationSubscribers = (made: Pick<Foundation, 'newId' | 'now'>): readonly Subscriber<PrismaTx>[] => [
  on(userCreated, (tx: PrismaTx, message) => insertNotification(tx, notificationOf('USER_WELCOME', message, made))),
  on(ticketsGenerated, (tx: PrismaTx, message) => insertNotification(tx, notificationOf('ORDER_CONFIRMATION', message, made))),
  on(paymentFailed, (tx: PrismaTx, message) => insertNotification(tx, notificationOf('PAYMENT_FAILED', message, made))),
  on(refundProcessed, (tx: PrismaTx, message) => insertNotification(tx, notificationOf('REFUND_PROCESSED', message, made))),
  on(orderCancelled, (tx: PrismaTx, message) => insertNotification(tx, notificationOf('ORDER_CANCELLED', message, made))),
  // Nobody publishes these yet: asking for another link, resetting a password, handing a ticket on, asynchronous orders.
  ignore(emailVerificationRequested),
  ignore(passwordResetRequested),
  ignore(ticketTransferred),
  ignore(ticketTransferOffered),
  ignore(orderCreated),
  ignore(orderStatusChanged),
  // The receipt is off by default, and there are no preferences yet to turn it on with: the confirmation shows what was paid.
  ignore(paymentCompleted),
  // These go to everybody who holds a ticket, whom this service cannot ask for yet.
  ignore(eventUpdated),
  ignore(eventCancelled),
]
