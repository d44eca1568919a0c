import type { NotificationType } from '@boxoffice/contracts'
import type { LeasedNotification } from '../notifications/notification.ts'
import type { Lookups } from '../peers/lookups.ts'
import type { Ended } from './composition.ts'
import type { Looked } from './content.ts'

type Looker = (isWritten: boolean) => Promise<Looked | Ended>

/**
 * Mails that go to the order's own address, where it has one. Reminders and news of events go to who holds a
 * ticket.
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
 * Look up an order's own address with what its mail says, where one was ever asked for: where it has changed
 * before the mail is sent, that is composed anew.
 */
export function followContact(
  find: Pick<Lookups, 'order'>,
  {
    type,
    orderId,
    address,
    mayHaveContact,
  }: Pick<LeasedNotification, 'type' | 'orderId' | 'address' | 'mayHaveContact'>,
  look: Looker,
): Looker {
  if (orderId === null || address !== null || !mayHaveContact || !ofOrders.includes(type)) return look
  return async (isWritten) => {
    const [order, looked] = await Promise.all([find.order(orderId), look(isWritten)])
    if ('dropped' in looked || 'pointless' in looked) return looked
    const contact = order?.contactEmail ?? null
    return { ...looked, facts: { facts: looked.facts, contact }, contact }
  }
}
