import type { EventId, OrderId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

// Advisory locks for what has no row yet. Every transaction takes them before its row locks, in this order:
// order, buyer, address.

/** Serializes by order: its reserve, claim, release, issue and cancel see each other's outcome. */
export const lockOrder = (tx: Tx, orderId: OrderId) => lockOrders(tx, [orderId])
export const lockOrders = (tx: Tx, orderIds: readonly OrderId[]) => lockAll(tx, 1, orderIds)

/** Serializes by buyer and event, so that the limits count every reservation. */
export const lockBuyers = (tx: Tx, buyers: readonly { eventId: EventId; userId: UserId }[]) =>
  lockAll(
    tx,
    2,
    buyers.map(({ eventId, userId }) => `${eventId} ${userId}`),
  )

/** Serializes by mail address, so that the limit on offers counts every offer. */
export const lockAddress = (tx: Tx, email: string) => lockAll(tx, 3, [email])

/** In a fixed order, so that no two transactions deadlock. */
const lockAll = (tx: Tx, seed: 1 | 2 | 3, keys: readonly string[]) =>
  tx.query(
    `select count(pg_advisory_xact_lock(key)::text)
     from (select distinct hashtextextended(k, $2) as key from unnest($1::text[]) k order by 1) sorted`,
    [keys, seed],
  )
