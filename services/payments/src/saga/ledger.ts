import type { Currency, Minor, OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** A movement of money: a charge debits the gateway and credits sales, a refund the other way round. */
export interface Movement {
  /** The gateway's id of it: the same movement is booked once, ever. */
  reference: string
  kind: 'CHARGE' | 'REFUND'
  orderId: OrderId
  amount: Minor
  currency: Currency
}

/** Book a movement: two entries of the same amount, in one statement. */
export async function book(tx: Tx, { reference, kind, orderId, amount, currency }: Movement): Promise<void> {
  const [debit, credit] = kind === 'CHARGE' ? ['gateway', 'sales'] : ['sales', 'gateway']
  await tx.query(
    `insert into ledger_entries (reference, account, side, kind, order_id, amount_minor, currency)
     select $1, e.account, e.side, $2, $3, $4, $5 from (values ($6, 'DEBIT'), ($7, 'CREDIT')) e(account, side)`,
    [reference, kind, orderId, amount, currency, debit, credit],
  )
}

/** Whether a movement is booked. */
export const isBooked = async (tx: Tx, reference: string): Promise<boolean> =>
  (await tx.query('select from ledger_entries where reference = $1 limit 1', [reference])).length > 0

/** The order whose charge this is; null where the charge is not ours. */
export async function findOrderOfCharge(tx: Tx, transactionId: string): Promise<OrderId | null> {
  const sql = "select order_id from ledger_entries where reference = $1 and side = 'DEBIT' and kind = 'CHARGE'"
  const [row] = await tx.query<{ order_id: OrderId }>(sql, [transactionId])
  return row?.order_id ?? null
}
