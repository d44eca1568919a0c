import type { DisputeOutcome, OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { DisputeEnd } from './gateway-event.ts'

interface KnownDispute {
  outcome: DisputeOutcome
  closedAt: Date
  version: number
}

/**
 * Saves how a dispute ended; returns the number of that end, null if it is known or outdated. The gateway
 * sends events in any order and with whole seconds: within one second, a won end is the later. Lock the
 * order's saga first.
 */
export async function saveDisputeEnd(tx: Tx, orderId: OrderId, end: DisputeEnd): Promise<number | null> {
  const known = await findDispute(tx, end.disputeId)
  if (known && !isLater(end, known)) return null
  const isNew = known?.outcome !== end.outcome
  const version = (known?.version ?? 0) + (isNew ? 1 : 0)
  await tx.query(
    `insert into disputes (dispute_id, order_id, outcome, amount_minor, closed_at, version) values ($1, $2,
       $3, $4, $5, $6)
     on conflict on constraint disputes_pkey do update set outcome = excluded.outcome,
       amount_minor = excluded.amount_minor, closed_at = excluded.closed_at, version = excluded.version`,
    [end.disputeId, orderId, end.outcome, end.amount, end.closedAt, version],
  )
  return isNew ? version : null
}

const isLater = (end: DisputeEnd, known: KnownDispute): boolean =>
  end.closedAt > known.closedAt ||
  (end.closedAt.getTime() === known.closedAt.getTime() && end.outcome === 'WON')

/** Returns whether the payment of an order was charged back. */
export const hasLostDispute = async (tx: Tx, orderId: OrderId): Promise<boolean> =>
  (await tx.query("select from disputes where order_id = $1 and outcome = 'LOST' limit 1", [orderId]))
    .length > 0

async function findDispute(tx: Tx, disputeId: string): Promise<KnownDispute | null> {
  const [dispute] = await tx.query<KnownDispute>(
    'select outcome, closed_at as "closedAt", version from disputes where dispute_id = $1',
    [disputeId],
  )
  return dispute ?? null
}
