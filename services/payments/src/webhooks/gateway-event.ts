import { type DisputeOutcome, type Minor, OrderId } from '@boxoffice/contracts'
import type Stripe from 'stripe'
import { declineOf } from '../gateway/outcomes.ts'
import type { Failure } from '../saga/saga.ts'

/** An event of the gateway. Charges name their order; manual actions at the gateway name the charge. */
export type GatewayEvent =
  | { kind: 'charged'; orderId: OrderId; transactionId: string }
  | { kind: 'declined'; orderId: OrderId; failure: Failure }
  | { kind: 'refunded'; transactionId: string; gatewayRefundId: string; amount: Minor }
  | { kind: 'refund-failed'; transactionId: string; detail: Record<string, unknown> }
  | { kind: 'dispute-opened'; transactionId: string; detail: Record<string, unknown> }
  | ({ kind: 'dispute-closed'; transactionId: string; detail: Record<string, unknown> } & DisputeEnd)

/** How a dispute ended, and when, by the gateway's clock. */
export interface DisputeEnd {
  disputeId: string
  outcome: DisputeOutcome
  amount: Minor
  closedAt: Date
}

const idOf = (thing: string | { id: string } | null): string | null =>
  typeof thing === 'object' ? (thing?.id ?? null) : thing

/** Parses a webhook event into gateway events; empty if it is not relevant. */
export function gatewayEventsOf(event: Stripe.Event): GatewayEvent[] {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
      return ofIntent(event.type, event.data.object)
    case 'refund.created':
    case 'refund.updated':
      return manualRefundsIn([event.data.object])
    // Before refunds had their own events, they came with their charge.
    case 'charge.refunded':
      return manualRefundsIn(event.data.object.refunds?.data ?? [])
    case 'refund.failed': {
      const { id, payment_intent, amount, failure_reason } = event.data.object
      const transactionId = idOf(payment_intent)
      const detail = { gatewayRefundId: id, amountMinor: amount, reason: failure_reason }
      return transactionId ? [{ kind: 'refund-failed', transactionId, detail }] : []
    }
    case 'charge.dispute.created':
    case 'charge.dispute.closed':
    // A lost dispute may be won later: then the money returns, and no other event says so.
    case 'charge.dispute.funds_reinstated':
      return ofDispute(event.type, event.data.object, new Date(event.created * 1_000))
    default:
      return []
  }
}

function ofIntent(type: string, intent: Stripe.PaymentIntent): GatewayEvent[] {
  const orderId = OrderId.safeParse(intent.metadata.orderId)
  if (!orderId.success) return []
  if (type === 'payment_intent.succeeded')
    return [{ kind: 'charged', orderId: orderId.data, transactionId: intent.id }]
  const error = intent.last_payment_error
  const { reason, message } = declineOf(error?.decline_code ?? error?.code, error?.message)
  return [
    {
      kind: 'declined',
      orderId: orderId.data,
      failure: { reason, status: 402, code: 'PAYMENT_DECLINED', message },
    },
  ]
}

/** Our own refunds carry the order's id and are known to the saga. */
function manualRefundsIn(refunds: readonly Stripe.Refund[]): GatewayEvent[] {
  return refunds.flatMap(({ id, status, metadata, payment_intent, amount }): GatewayEvent[] => {
    const transactionId = idOf(payment_intent)
    const isMade = status === 'succeeded' || status === 'pending'
    if (!transactionId || !isMade || metadata?.orderId) return []
    return [{ kind: 'refunded', transactionId, gatewayRefundId: id, amount: amount as Minor }]
  })
}

function ofDispute(type: string, dispute: Stripe.Dispute, closedAt: Date): GatewayEvent[] {
  const transactionId = idOf(dispute.payment_intent)
  if (!transactionId) return []
  const { status, reason, id: disputeId } = dispute
  const amount = dispute.amount as Minor
  const detail = { disputeId, status, reason, amountMinor: amount }
  if (type === 'charge.dispute.created') return [{ kind: 'dispute-opened', transactionId, detail }]
  const outcome = type === 'charge.dispute.funds_reinstated' ? 'WON' : outcomeOf(status)
  return [{ kind: 'dispute-closed', transactionId, disputeId, outcome, amount, closedAt, detail }]
}

const outcomeOf = (status: Stripe.Dispute['status']): DisputeOutcome =>
  status === 'lost' ? 'LOST' : status === 'won' ? 'WON' : 'CLOSED'
