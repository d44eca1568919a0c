import type Stripe from 'stripe'
import { type Context, type RequestInfo, type Result, seconds, sent } from './context.ts'
import type { Tx } from './database.ts'
import { type Answer, answerError, answerServerError } from './errors.ts'
import { appendLedgerEntry } from './ledger.ts'
import { insertCharge, updateIntent } from './payment-repository.ts'
import { recordStripeEvent } from './stripe-events.ts'
import { buildCharge, buildPaymentError, buildPaymentMethod } from './stripe-objects.ts'
import { authenticationRequired, type Behaviour, type Decline } from './tokens.ts'

export interface Attempt {
  intent: Stripe.PaymentIntent
  token: string
  behaviour: Behaviour
  /** The buyer is not present to authenticate: payments that would require authentication are declined. */
  declineAuthentication: boolean
}

/**
 * Confirms a stored intent with a payment method: charges it, declines it, requires authentication, or
 * fails.
 * The fault tokens follow Stripe's idempotency, which stores the response of every execution that began:
 * - `timeout_then_…` and `error_after_charge`: the execution succeeds and its response is stored; only the
 *   delivery fails (no response, or a 500 from the gateway's front). A repeat with the same key returns the
 *   stored response, and reading the intent shows the result.
 * - `error_before_charge`: the execution itself fails. The intent remains unconfirmed and uncharged, and the
 *   500 is stored: a repeat with the same key returns that 500 again, marked as a replay, as at Stripe.
 *   The intent (by retrieve, list or search) shows the result: `requires_confirmation`, no charge.
 *   Cancelling it prevents a later charge.
 */
export function attemptPayment(tx: Tx, context: Context, request: RequestInfo, attempt: Attempt): Result {
  const { behaviour } = attempt
  const { course } = behaviour
  const answer = (): Answer => {
    if (course.kind === 'charge') return charge(tx, context, request, attempt)
    if (course.kind === 'decline') return decline(tx, context, request, attempt, course.decline)
    if (course.kind === 'break') return breakOff(tx, attempt)
    if (!attempt.declineAuthentication) return askForAuthentication(tx, context, request, attempt)
    return decline(tx, context, request, attempt, authenticationRequired)
  }
  return { ...answer(), reply: behaviour.reply }
}

function charge(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  { intent, token, behaviour }: Attempt,
): Answer {
  const nowMs = context.now()
  const made = buildCharge({
    id: context.newId('ch'),
    balanceTransaction: context.newId('txn'),
    intent,
    token,
    card: behaviour.card,
    decline: null,
    created: seconds(nowMs),
  })
  const paid: Stripe.PaymentIntent = {
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: made.id,
    last_payment_error: null,
    next_action: null,
    payment_method: token,
  }
  insertCharge(tx, made)
  updateIntent(tx, paid, token)
  appendLedgerEntry(
    tx,
    {
      kind: 'charge',
      amount: intent.amount,
      currency: intent.currency,
      orderId: intent.metadata.orderId ?? null,
      paymentIntentId: intent.id,
      chargeId: made.id,
      refundId: null,
    },
    nowMs,
  )
  recordStripeEvent(tx, context, request, {
    type: 'payment_intent.succeeded',
    object: paid,
    copies: behaviour.webhookCopies,
  })
  return { status: 200, body: paid }
}

function decline(tx: Tx, context: Context, request: RequestInfo, attempt: Attempt, reason: Decline): Answer {
  const { intent, token, behaviour } = attempt
  const created = seconds(context.now())
  const failed = buildCharge({
    id: context.newId('ch'),
    balanceTransaction: '',
    intent,
    token,
    card: behaviour.card,
    decline: reason,
    created,
  })
  const error = buildPaymentError(failed, buildPaymentMethod(token, behaviour.card, created), reason)
  const declined: Stripe.PaymentIntent = {
    ...intent,
    status: 'requires_payment_method',
    latest_charge: failed.id,
    last_payment_error: error,
    next_action: null,
    payment_method: null,
  }
  insertCharge(tx, failed)
  updateIntent(tx, declined, token)
  recordStripeEvent(tx, context, request, {
    type: 'payment_intent.payment_failed',
    object: declined,
    copies: behaviour.webhookCopies,
  })
  return answerError(402, { ...error, payment_intent: declined })
}

function askForAuthentication(
  tx: Tx,
  context: Context,
  request: RequestInfo,
  { intent, token, behaviour }: Attempt,
): Answer {
  const waiting: Stripe.PaymentIntent = {
    ...intent,
    status: 'requires_action',
    last_payment_error: null,
    next_action: {
      type: 'use_stripe_sdk',
      use_stripe_sdk: { type: 'three_d_secure_redirect', three_d_secure_2_source: context.newId('payatt') },
    },
    payment_method: token,
  }
  updateIntent(tx, waiting, token)
  recordStripeEvent(tx, context, request, {
    type: 'payment_intent.requires_action',
    object: waiting,
    copies: behaviour.webhookCopies,
  })
  return { status: 200, body: waiting }
}

function breakOff(tx: Tx, { intent, token }: Attempt): Answer {
  updateIntent(
    tx,
    { ...intent, status: 'requires_confirmation', next_action: null, payment_method: token },
    token,
  )
  return answerServerError()
}

/** Returns Stripe's refusal of an action that the intent's state does not allow. */
export function answerUnexpectedState(intent: Stripe.PaymentIntent, message: string): Result {
  const error = {
    type: 'invalid_request_error' as const,
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: intent,
  }
  return sent(answerError(400, error))
}
