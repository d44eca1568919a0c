import type { NotificationType } from '@boxoffice/contracts'
import type { LeasedNotification } from '../notifications/notification.ts'
import type { Lookups } from '../peers/lookups.ts'
import { isEnded, type Loader } from './loader.ts'

/**
 * Mails that go to the order's own address if it has one. Reminders and event changes go to ticket holders.
 */
const ofOrders: readonly NotificationType[] = [
  'ORDER_CONFIRMATION',
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'ORDER_CANCELLED',
  'PAYMENT_PROCESSED',
  'PAYMENT_FAILED',
  'REFUND_PROCESSED',
]

/**
 * Adds the order's own address to a loader, if one was ever requested. If the address changes before the mail
 * is sent, the mail is recomposed.
 */
export function followContact(
  find: Pick<Lookups, 'order'>,
  {
    type,
    orderId,
    address,
    mayHaveContact,
  }: Pick<LeasedNotification, 'type' | 'orderId' | 'address' | 'mayHaveContact'>,
  load: Loader,
): Loader {
  if (orderId === null || address !== null || !mayHaveContact || !ofOrders.includes(type)) return load
  return async (isWritten) => {
    const [order, loaded] = await Promise.all([find.order(orderId), load(isWritten)])
    if (isEnded(loaded)) return loaded
    const contact = order?.contactEmail ?? null
    return { ...loaded, facts: { facts: loaded.facts, contact }, contact }
  }
}
