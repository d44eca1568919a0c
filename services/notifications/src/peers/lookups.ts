import {
  type EventId,
  type EventInfo,
  type OrderId,
  type OrderInfo,
  type OrderPrint,
  PRINTS_MAX,
  type UserId,
  type UserInfo,
} from '@boxoffice/contracts'
import { askTogether } from '@boxoffice/service-kit'
import type { Clients } from './peers.ts'

/**
 * Finds current data for mails; null if it does not exist. Each rejects with ServiceUnavailable if its
 * service is unavailable.
 */
export interface Lookups {
  user(userId: UserId): Promise<UserInfo | null>
  event(eventId: EventId): Promise<EventInfo | null>
  order(orderId: OrderId): Promise<OrderInfo | null>
  print(of: { orderId: OrderId; filesUpTo: number }): Promise<OrderPrint>
}

const IDS_MAX = 100

/**
 * Batches lookups: twenty mails composed at the same time fetch their users, events, orders and tickets in
 * one call each, not in twenty.
 */
export function createLookups({
  auth,
  events,
  payments,
  tickets,
}: Pick<Clients, 'auth' | 'events' | 'payments' | 'tickets'>): Lookups {
  return {
    user: askById(
      async (userIds: UserId[]) => (await auth.getUsers({ body: { userIds } })).body.users,
      ({ userId }) => userId,
    ),
    event: askById(
      async (eventIds: EventId[]) => (await events.getEventInfos({ body: { eventIds } })).body.events,
      ({ eventId }) => eventId,
    ),
    order: askById(
      async (orderIds: OrderId[]) => (await payments.getOrderInfos({ body: { orderIds } })).body.orders,
      ({ orderId }) => orderId,
    ),
    print: askTogether(
      async (orders: readonly { orderId: OrderId; filesUpTo: number }[]) =>
        (await tickets.getOrderPrints({ body: { orders: [...orders] } })).body.prints,
      { groupMax: PRINTS_MAX },
    ),
  }
}

function askById<Id, Found>(findAll: (ids: Id[]) => Promise<readonly Found[]>, idOf: (found: Found) => Id) {
  return askTogether<Id, Found | null>(
    async (ids) => {
      const found = new Map((await findAll([...new Set(ids)])).map((one) => [idOf(one), one]))
      return ids.map((id) => found.get(id) ?? null)
    },
    { groupMax: IDS_MAX },
  )
}
