import type { DisputeOutcome, OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { DisputeEnd } from './gateway-event.ts'

interface KnownDispute {
  outcome: DisputeOutcome
  closedAt: Date
  version: number
}

/**
 * Keep how a dispute ended: the number of that end, null where it is known or was followed by another. The
 * gateway sends events in any order and in whole seconds: of one second the end in which it is won is the
 * later. Lock the order's saga first.
 */
export async function keepDisputeEnd(tx: Tx, orderId: OrderId, end: DisputeEnd): Promise<number | null> {
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

/** Whether the bank has given the money of an order back. */
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
