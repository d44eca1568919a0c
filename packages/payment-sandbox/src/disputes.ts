import type Stripe from 'stripe'
import { z } from 'zod'
import { type Context, type RequestInfo, seconds } from './context.ts'
import type { Tx } from './database.ts'
import { findCharge, updateCharge } from './payment-repository.ts'
import { buildDispute, type DisputeStatus } from './stripe-dispute.ts'
import { recordStripeEvent, type StripeEventType } from './stripe-events.ts'

/** An action of the buyer's bank on an order's charge. */
export const BankAction = z.strictObject({
  orderId: z.string().min(1),
  status: z.enum(['needs_response', 'warning_needs_response', 'warning_closed', 'won', 'lost']),
})
export type BankAction = z.output<typeof BankAction>

export type Disputed = { dispute: Stripe.Dispute } | { refused: 'NO_CHARGE' | 'NOT_POSSIBLE' }

/**
 * Moves the dispute of an order's charge to a status, with every event on the way; opens one if there is
 * none. A lost dispute may be won afterwards, which returns the money, and the other way round.
 */
export function disputeCharge(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  { orderId, status }: BankAction,
): Disputed {
  const charge = findChargeOfOrder(tx, orderId)
  if (!charge) return { refused: 'NO_CHARGE' }
  const known = findDispute(tx, charge.id)
  const opened = known ?? open(tx, context, request, charge, status)
  const types = eventsBetween(opened.status, status)
  if (!types) return { refused: 'NOT_POSSIBLE' }
  const dispute = { ...opened, status }
  for (const type of types) recordStripeEvent(tx, context, request, { type, object: dispute, copies: 1 })
  return { dispute }
}

function open(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  charge: Stripe.Charge,
  target: DisputeStatus,
): Stripe.Dispute {
  const status = target.startsWith('warning') ? 'warning_needs_response' : 'needs_response'
  const dispute = buildDispute({ id: context.newId('du'), charge, status, created: seconds(context.now()) })
  updateCharge(tx, { ...charge, disputed: true })
  recordStripeEvent(tx, context, request, { type: 'charge.dispute.created', object: dispute, copies: 1 })
  return dispute
}

/** Returns the events of a transition between dispute states; null if it is not allowed. */
function eventsBetween(from: Stripe.Dispute['status'], to: DisputeStatus): StripeEventType[] | null {
  if (from === to) return []
  const isOpen = from === 'needs_response' || from === 'warning_needs_response'
  if (to === 'lost') return isOpen || from === 'won' ? ['charge.dispute.closed'] : null
  if (to === 'won' && from === 'lost') return ['charge.dispute.funds_reinstated']
  if (to === 'won') return isOpen ? ['charge.dispute.closed', 'charge.dispute.funds_reinstated'] : null
  if (to === 'warning_closed') return from === 'warning_needs_response' ? ['charge.dispute.closed'] : null
  return null
}

function findChargeOfOrder(tx: Tx, orderId: string): Stripe.Charge | null {
  const row = tx.get<{ id: string }>(
    "select charge_id as id from ledger_entries where order_id = ? and kind = 'charge'",
    orderId,
  )
  return row && findCharge(tx, row.id)
}

/** Reads a dispute from its last event: disputes are few and have no table. */
function findDispute(tx: Tx, chargeId: string): Stripe.Dispute | null {
  const row = tx.get<{ body: string }>(
    `select json_extract(body, '$.data.object') as body from stripe_events
     where type like 'charge.dispute.%' and json_extract(body, '$.data.object.charge') = ?
     order by position desc limit 1`,
    chargeId,
  )
  return row && JSON.parse(row.body)
}
