import type { FailureReason } from '@boxoffice/contracts'
import Stripe from 'stripe'

/**
 * The outcome of a charge. `unknown`: it may have happened. `not-sent`: it certainly did not, and may be
 * retried.
 */
export type ChargeOutcome =
  | { outcome: 'charged'; transactionId: string }
  | { outcome: 'declined'; reason: FailureReason; message: string }
  | { outcome: 'unknown'; reason: string }
  | { outcome: 'not-sent'; reason: string }

export type RefundOutcome =
  | { outcome: 'refunded'; gatewayRefundId: string }
  | { outcome: 'unknown'; reason: string }
  /** Refused by a limit of our own: nothing was sent. */
  | { outcome: 'not-sent'; reason: string }
  /** Refused by the gateway: needs an operator. */
  | { outcome: 'refused'; reason: string }

/** What the gateway has of an order. `open`: an intent that has neither charged nor ended. */
export type Lookup =
  | { outcome: 'charged'; transactionId: string }
  | { outcome: 'declined'; reason: FailureReason; message: string }
  | { outcome: 'open'; transactionId: string }
  | { outcome: 'none' }
  | { outcome: 'unreachable'; reason: string }

/** Turns errors that certainly mean "not charged" into outcomes; all others count against the breaker. */
export async function definite(call: () => Promise<ChargeOutcome>): Promise<ChargeOutcome> {
  try {
    return await call()
  } catch (error) {
    const { errors } = Stripe
    if (error instanceof errors.StripeCardError)
      return declineOf(error.decline_code ?? error.code, error.message)
    if (error instanceof errors.StripeRateLimitError) return { outcome: 'not-sent', reason: 'RATE_LIMITED' }
    if (error instanceof errors.StripeInvalidRequestError && error.statusCode !== 409) {
      const aboutToken = error.param === 'payment_method' || error.code === 'resource_missing'
      return aboutToken
        ? { outcome: 'declined', reason: 'CARD_DECLINED', message: 'the payment token is not known' }
        : { outcome: 'declined', reason: 'SYSTEM_ERROR', message: 'the payment was refused' }
    }
    throw error
  }
}

/**
 * Returns the outcome of a refund. A refusal is an outcome too: only errors without an answer count against
 * the breaker.
 */
export async function definiteRefund(call: () => Promise<Stripe.Refund>): Promise<RefundOutcome> {
  try {
    const { id, status, failure_reason } = await call()
    if (status === 'succeeded' || status === 'pending') return { outcome: 'refunded', gatewayRefundId: id }
    return { outcome: 'refused', reason: failure_reason ?? status ?? 'failed' }
  } catch (error) {
    const { StripeInvalidRequestError, StripeIdempotencyError } = Stripe.errors
    if (!(error instanceof StripeInvalidRequestError || error instanceof StripeIdempotencyError)) throw error
    // 409: the same request is being processed right now.
    return { outcome: error.statusCode === 409 ? 'unknown' : 'refused', reason: error.message }
  }
}

/** Returns the outcome of an intent. */
export function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome {
  switch (intent.status) {
    case 'succeeded':
      return { outcome: 'charged', transactionId: intent.id }
    case 'requires_action':
      return {
        outcome: 'declined',
        reason: 'AUTHENTICATION_REQUIRED',
        message: 'the card needs a confirmation by its holder',
      }
    case 'requires_payment_method':
    case 'canceled': {
      const error = intent.last_payment_error
      return declineOf(error?.decline_code ?? error?.code, error?.message)
    }
    default:
      return { outcome: 'unknown', reason: intent.status }
  }
}

/** Combines the intents of one order into a lookup. */
export function lookupOf(intents: readonly Stripe.PaymentIntent[]): Lookup {
  const succeeded = intents.find(({ status }) => status === 'succeeded')
  if (succeeded) return { outcome: 'charged', transactionId: succeeded.id }
  const [intent] = intents
  if (!intent) return { outcome: 'none' }
  const ended = intent.status === 'canceled' || intent.last_payment_error !== null
  const outcome = outcomeOf(intent)
  return ended && outcome.outcome === 'declined' ? outcome : { outcome: 'open', transactionId: intent.id }
}

/** Translates a decline into our reasons. */
export function declineOf(code: string | undefined, message: string | undefined) {
  const reason: FailureReason =
    code === 'insufficient_funds'
      ? 'INSUFFICIENT_FUNDS'
      : code === 'authentication_required'
        ? 'AUTHENTICATION_REQUIRED'
        : 'CARD_DECLINED'
  return { outcome: 'declined' as const, reason, message: message ?? 'the card was declined' }
}
