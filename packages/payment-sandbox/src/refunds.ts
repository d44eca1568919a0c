import type Stripe from 'stripe'
import { type Context, type RequestInfo, type Result, seconds, sent, type Work } from './context.ts'
import type { Tx } from './database.ts'
import { type Answer, answerError, answerMissing } from './errors.ts'
import { expand } from './expand.ts'
import type { Form } from './form.ts'
import { appendLedgerEntry } from './ledger.ts'
import { missing, readAmount, readMetadata, readOneOf, readText, readTexts, refuseUnknown } from './params.ts'
import { findCharge, findIntent, findRefund, insertRefund, updateCharge } from './payment-repository.ts'
import { recordStripeEvent } from './stripe-events.ts'
import { findBehaviour } from './tokens.ts'

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const

interface RefundParams {
  /** Minor units; null for the remaining amount. */
  amount: number | null
  reason: (typeof reasons)[number] | null
  metadata: Record<string, string>
}

/** POST /v1/refunds: refunds the remaining amount of an intent (or a charge), or `amount` of it. */
export function prepareRefund(context: Context, params: Form): Work {
  refuseUnknown(params, ['payment_intent', 'charge', 'amount', 'reason', 'metadata', 'expand'])
  const intentId = readText(params, 'payment_intent')
  const chargeId = readText(params, 'charge')
  if (intentId === null && chargeId === null) throw missing('payment_intent')
  const asked = {
    amount: readAmount(params, 'amount'),
    reason: readOneOf(params, 'reason', reasons),
    metadata: readMetadata(params),
  }
  const expansions = readTexts(params, 'expand')
  return {
    delayMs: 0,
    run: (tx, request) => {
      const found = findRefundable(tx, intentId, chargeId)
      if ('refused' in found) return sent(found.refused)
      const result = refund(tx, context, request, found.charge, asked)
      return result.status === 200 ? { ...result, body: expand(tx, result.body, expansions) } : result
    },
  }
}

/** GET /v1/refunds/:id */
export function retrieveRefund(read: Tx, id: string, params: Form): Answer {
  refuseUnknown(params, ['expand'])
  const refund = findRefund(read, id)
  if (refund === null) return answerMissing('refund', id, 'refund', 404)
  return { status: 200, body: expand(read, refund, readTexts(params, 'expand')) }
}

function findRefundable(
  tx: Tx,
  intentId: string | null,
  chargeId: string | null,
): { charge: Stripe.Charge } | { refused: Answer } {
  const charge = chargeId === null ? null : findCharge(tx, chargeId)
  if (chargeId !== null && charge === null)
    return { refused: answerMissing('charge', chargeId, 'charge', 400) }
  const ofIntent = intentId ?? String(charge?.payment_intent)
  const intent = findIntent(tx, ofIntent)?.intent
  if (intent === undefined)
    return { refused: answerMissing('payment_intent', ofIntent, 'payment_intent', 400) }
  const latest = typeof intent.latest_charge === 'string' ? findCharge(tx, intent.latest_charge) : null
  if (latest?.status !== 'succeeded' || (charge !== null && charge.id !== latest.id)) {
    const message = `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`
    return { refused: answerError(400, { type: 'invalid_request_error', message }) }
  }
  return { charge: latest }
}

function refund(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  charge: Stripe.Charge,
  asked: RefundParams,
): Result {
  const left = charge.amount - charge.amount_refunded
  if (left === 0) {
    const message = `Charge ${charge.id} has already been refunded.`
    return sent(answerError(400, { type: 'invalid_request_error', code: 'charge_already_refunded', message }))
  }
  const amount = asked.amount ?? left
  if (amount > left) {
    const message =
      `Refund amount (${major(amount, charge)}) is greater than unrefunded amount on charge ` +
      `(${major(left, charge)})`
    return sent(answerError(400, { type: 'invalid_request_error', message, param: 'amount' }))
  }

  const made = buildRefund(context, charge, amount, asked)
  const amountRefunded = charge.amount_refunded + amount
  const refundedCharge = {
    ...charge,
    amount_refunded: amountRefunded,
    refunded: amountRefunded === charge.amount,
  }
  insertRefund(tx, made)
  updateCharge(tx, refundedCharge)
  const intentId = String(charge.payment_intent)
  appendLedgerEntry(
    tx,
    {
      kind: 'refund',
      amount,
      currency: charge.currency,
      orderId: charge.metadata.orderId ?? null,
      paymentIntentId: intentId,
      chargeId: charge.id,
      refundId: made.id,
    },
    context.now(),
  )
  const copies = findBehaviour(String(charge.payment_method))?.webhookCopies ?? 1
  const previous = {
    amount_refunded: charge.amount_refunded,
    ...(refundedCharge.refunded && { refunded: false }),
  }
  recordStripeEvent(tx, context, request, { type: 'refund.created', object: made, copies })
  recordStripeEvent(tx, context, request, {
    type: 'charge.refunded',
    object: refundedCharge,
    previous,
    copies,
  })
  return sent({ status: 200, body: made })
}

function buildRefund(
  context: Context,
  charge: Stripe.Charge,
  amount: number,
  asked: RefundParams,
): Stripe.Refund {
  return {
    id: context.newId('re'),
    object: 'refund',
    amount,
    balance_transaction: context.newId('txn'),
    charge: charge.id,
    created: seconds(context.now()),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: asked.metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: asked.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
}

/** For messages only: Stripe writes `$50.00`. */
function major(amountMinor: number, { currency }: Stripe.Charge): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
