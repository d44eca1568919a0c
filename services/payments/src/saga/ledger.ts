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
