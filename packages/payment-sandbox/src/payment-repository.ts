import type Stripe from 'stripe'
import type { Tx } from './database.ts'

export interface StoredIntent {
  intent: Stripe.PaymentIntent
  /** The payment method of the last attempt, even if a decline removed it from the intent. */
  lastToken: string | null
}

export function insertIntent(tx: Tx, intent: Stripe.PaymentIntent): void {
  tx.run('insert into payment_intents (id, body) values (?, ?)', intent.id, JSON.stringify(intent))
  for (const [key, value] of Object.entries(intent.metadata))
    tx.run(
      'insert into payment_intent_metadata (payment_intent_id, key, value) values (?, ?, ?)',
      intent.id,
      key,
      value,
    )
}

export function updateIntent(tx: Tx, intent: Stripe.PaymentIntent, lastToken: string | null): void {
  tx.run(
    'update payment_intents set body = ?, last_token = ? where id = ?',
    JSON.stringify(intent),
    lastToken,
    intent.id,
  )
}

export function findIntent(tx: Tx, id: string): StoredIntent | null {
  const row = tx.get<{ body: string; lastToken: string | null }>(
    'select body, last_token as lastToken from payment_intents where id = ?',
    id,
  )
  return row && { intent: JSON.parse(row.body), lastToken: row.lastToken }
}

export function insertCharge(tx: Tx, charge: Stripe.Charge): void {
  tx.run('insert into charges (id, body) values (?, ?)', charge.id, JSON.stringify(charge))
}

export function updateCharge(tx: Tx, charge: Stripe.Charge): void {
  tx.run('update charges set body = ? where id = ?', JSON.stringify(charge), charge.id)
}

export function findCharge(tx: Tx, id: string): Stripe.Charge | null {
  const row = tx.get<{ body: string }>('select body from charges where id = ?', id)
  return row && JSON.parse(row.body)
}

export function insertRefund(tx: Tx, refund: Stripe.Refund): void {
  tx.run('insert into refunds (id, body) values (?, ?)', refund.id, JSON.stringify(refund))
}

export function findRefund(tx: Tx, id: string): Stripe.Refund | null {
  const row = tx.get<{ body: string }>('select body from refunds where id = ?', id)
  return row && JSON.parse(row.body)
}
