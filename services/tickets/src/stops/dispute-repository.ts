import type { DisputeOutcome, DisputePolicy, OrderId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

/** Returns what an organizer wants to happen when a dispute is lost. */
export async function findPolicy(sql: Sql, organizerId: UserId): Promise<DisputePolicy> {
  const [policy] = await sql.query<DisputePolicy>(
    'select stop_tickets as "stopTickets" from dispute_policies where organizer_id = $1',
    [organizerId],
  )
  return policy ?? { stopTickets: true }
}

export const savePolicy = (sql: Sql, organizerId: UserId, { stopTickets }: DisputePolicy) =>
  sql.query(
    `insert into dispute_policies (organizer_id, stop_tickets) values ($1, $2)
     on conflict on constraint dispute_policies_pkey do update set stop_tickets = excluded.stop_tickets,
       updated_at = clock_timestamp()`,
    [organizerId, stopTickets],
  )

export interface DisputeOfOrder {
  readonly disputeId: string
  readonly orderId: OrderId
  readonly outcome: DisputeOutcome
  readonly version: number
}

/** Saves how a dispute ended; returns whether that is new. */
export async function saveDispute(
  tx: Tx,
  { disputeId, orderId, outcome, version }: DisputeOfOrder,
): Promise<boolean> {
  const saved = await tx.query(
    `insert into order_disputes as d (dispute_id, order_id, outcome, version) values ($1, $2, $3, $4)
     on conflict on constraint order_disputes_pkey do update set outcome = excluded.outcome,
       version = excluded.version
     where d.version < excluded.version returning dispute_id`,
    [disputeId, orderId, outcome, version],
  )
  return saved.length > 0
}

/** Returns whether a dispute of the order is known to be lost. */
export const hasLostDispute = async (tx: Tx, orderId: OrderId): Promise<boolean> =>
  (await tx.query("select from order_disputes where order_id = $1 and outcome = 'LOST' limit 1", [orderId]))
    .length > 0
