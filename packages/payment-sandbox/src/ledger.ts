import type { Tx } from './database.ts'

/** One movement of money, in minor units. Entries are append-only, which the schema's triggers enforce. */
export interface LedgerEntry {
  entryId: number
  kind: 'charge' | 'refund'
  amount: number
  currency: string
  orderId: string | null
  paymentIntentId: string
  chargeId: string
  refundId: string | null
  at: string
}

/** The balance of one order in minor units of one currency. */
export interface LedgerTotal {
  orderId: string | null
  currency: string
  captured: number
  refunded: number
  successfulCharges: number
}

export interface Ledger {
  entries: LedgerEntry[]
  /** Totals by order and currency. Payments without `metadata.orderId` are summed under null. */
  totals: LedgerTotal[]
}

export type NewLedgerEntry = Omit<LedgerEntry, 'entryId' | 'at'>

/** Appends an entry. Throws on an intent's second charge, and on a refund beyond the charge. */
export function appendLedgerEntry(tx: Tx, entry: NewLedgerEntry, nowMs: number): void {
  tx.run(
    `insert into ledger_entries (kind, amount_minor, currency, order_id, payment_intent_id, charge_id,
       refund_id, recorded_at_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    entry.kind,
    entry.amount,
    entry.currency,
    entry.orderId,
    entry.paymentIntentId,
    entry.chargeId,
    entry.refundId,
    nowMs,
  )
}

/** Returns the whole ledger, oldest first, or that of one order. */
export function readLedger(tx: Tx, orderId: string | null): Ledger {
  const where = orderId === null ? '' : 'where order_id = ?'
  const values = orderId === null ? [] : [orderId]
  const entries = tx.all<Omit<LedgerEntry, 'at'> & { recordedAtMs: number }>(
    `select entry_id as entryId, kind, amount_minor as amount, currency, order_id as orderId,
       payment_intent_id as paymentIntentId,
       charge_id as chargeId, refund_id as refundId, recorded_at_ms as recordedAtMs
     from ledger_entries ${where} order by entry_id`,
    ...values,
  )
  const totals = tx.all<LedgerTotal>(
    `select order_id as orderId, currency,
       sum(case kind when 'charge' then amount_minor else 0 end) as captured,
       sum(case kind when 'refund' then amount_minor else 0 end) as refunded,
       count(*) filter (where kind = 'charge') as successfulCharges
     from ledger_entries ${where} group by order_id, currency order by min(entry_id)`,
    ...values,
  )
  return {
    entries: entries.map(({ recordedAtMs, ...entry }) => ({
      ...entry,
      at: new Date(recordedAtMs).toISOString(),
    })),
    totals: totals.map((total) => ({ ...total })),
  }
}
