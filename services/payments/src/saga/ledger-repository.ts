import type { Currency, Minor, OrderId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

/** A movement of money: a charge debits the gateway and credits sales, a refund the reverse. */
export interface Movement {
  /** The gateway's id, so that a movement is booked only once. */
  reference: string
  kind: 'CHARGE' | 'REFUND'
  orderId: OrderId
  amount: Minor
  currency: Currency
}

/** Books movements, each as two entries of the same amount, in one statement. */
export async function book(tx: Tx, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return
  await tx.query(
    `insert into ledger_entries (reference, account, side, kind, order_id, amount_minor, currency)
     select m.reference,
       case when (m.kind = 'CHARGE') = (e.side = 'DEBIT') then 'gateway' else 'sales' end,
       e.side, m.kind, m.order_id,
       m.amount, m.currency
     from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[]) m(reference, kind, order_id,
       amount, currency)
     cross join (values ('DEBIT'), ('CREDIT')) e(side)`,
    [
      movements.map(({ reference }) => reference),
      movements.map(({ kind }) => kind),
      movements.map(({ orderId }) => orderId),
      movements.map(({ amount }) => amount),
      movements.map(({ currency }) => currency),
    ],
  )
}

/** Returns whether a movement is booked. */
export const isBooked = async (sql: Sql, reference: string): Promise<boolean> =>
  (await sql.query('select from ledger_entries where reference = $1 limit 1', [reference])).length > 0

/** Returns the order of a charge; null if the charge is not ours. */
export async function findOrderOfCharge(tx: Tx, transactionId: string): Promise<OrderId | null> {
  const sql =
    "select order_id from ledger_entries where reference = $1 and side = 'DEBIT' and kind = 'CHARGE'"
  const [row] = await tx.query<{ order_id: OrderId }>(sql, [transactionId])
  return row?.order_id ?? null
}
