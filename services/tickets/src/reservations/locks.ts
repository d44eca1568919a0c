import type { EventId, OrderId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

// Locks on what has no row yet. Every transaction takes them before its row locks and in this order: order, buyer.

/** One at a time per order: its reserve, claim, release, issue and cancel see each other's outcome. */
export const lockOrder = (tx: Tx, orderId: OrderId) =>
  tx.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [orderId])

/** One at a time per buyer and event: the limits count what is there. */
export const lockBuyer = (tx: Tx, eventId: EventId, userId: UserId) =>
  tx.query('select pg_advisory_xact_lock(hashtextextended($1, 2))', [`${eventId} ${userId}`])
