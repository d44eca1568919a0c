import type Stripe from 'stripe'
import { API_VERSION, type Context, type RequestInfo, seconds } from './context.ts'
import type { Tx } from './database.ts'

/** Event types that the sandbox publishes. At Stripe an endpoint subscribes to these types. */
export const eventTypes = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.requires_action',
  'payment_intent.canceled',
  'charge.refunded',
  'refund.created',
  'charge.dispute.created',
  'charge.dispute.closed',
  'charge.dispute.funds_reinstated',
] as const
export type StripeEventType = (typeof eventTypes)[number]

export interface NewStripeEvent {
  type: StripeEventType
  object: Stripe.PaymentIntent | Stripe.Charge | Stripe.Refund | Stripe.Dispute
  previous?: object
  /** Number of deliveries; 0 stores the event without delivering it. */
  copies: number
}

/** Appends an event and its deliveries within the transaction that causes it. */
export function recordStripeEvent(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  made: NewStripeEvent,
): void {
  const copies = context.hasWebhooks ? made.copies : 0
  const nowMs = context.now()
  const event = {
    id: context.newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: seconds(nowMs),
    data: { object: made.object, ...(made.previous && { previous_attributes: made.previous }) },
    livemode: false,
    pending_webhooks: copies,
    request: { id: request.id, idempotency_key: request.idempotencyKey },
    type: made.type,
  }
  tx.run('insert into stripe_events (id, body) values (?, ?)', event.id, JSON.stringify(event))
  for (let copy = 1; copy <= copies; copy++)
    tx.run(
      'insert into webhook_deliveries (event_id, copy, next_attempt_at_ms) values (?, ?, ?)',
      event.id,
      copy,
      nowMs,
    )
}

/** Returns an event with its number of pending deliveries; null for an unknown id. */
export function findStripeEvent(tx: Tx, id: string): object | null {
  const row = tx.get<{ body: string }>('select body from stripe_events where id = ?', id)
  return row && withPending(tx, JSON.parse(row.body))
}

export function withPending<T extends { id: string }>(tx: Tx, event: T): T & { pending_webhooks: number } {
  const pending = tx.get<{ count: number }>(
    'select count(*) as count from webhook_deliveries where event_id = ? and delivered_at_ms is null',
    event.id,
  )
  return { ...event, pending_webhooks: pending?.count ?? 0 }
}
