import type { Currency, FailureReason, Minor, OrderId } from '@boxoffice/contracts'
import { type Guard, ServiceUnavailable } from '@boxoffice/service-kit'
import Stripe from 'stripe'

/** What came of a charge. `unknown`: it may or may not have happened. `not-sent`: it certainly did not, and may be tried again. */
export type ChargeOutcome =
  | { outcome: 'charged'; transactionId: string }
  | { outcome: 'declined'; reason: FailureReason; message: string }
  | { outcome: 'unknown'; reason: string }
  | { outcome: 'not-sent'; reason: string }

/** What the gateway knows of an order. `open`: an intent that has neither charged nor ended. */
export type Lookup =
  | { outcome: 'charged'; transactionId: string }
  | { outcome: 'declined'; reason: FailureReason; message: string }
  | { outcome: 'open'; transactionId: string }
  | { outcome: 'none' }
  | { outcome: 'unreachable'; reason: string }

export type RefundOutcome =
  | { outcome: 'refunded'; gatewayRefundId: string }
  | { outcome: 'unknown'; reason: string }
  /** The gateway refuses: a person has to look. */
  | { outcome: 'refused'; reason: string }

export interface Gateway {
  charge(charge: {
    orderId: OrderId
    amount: Minor
    currency: Currency
    paymentToken: string
    key: string
  }): Promise<ChargeOutcome>
  /** By the order's id in the intents' metadata. */
  find(orderId: OrderId, since: Date): Promise<Lookup>
  /** End an open intent, so that it can never charge. */
  cancel(transactionId: string): Promise<'cancelled' | 'unknown'>
  refund(refund: { transactionId: string; amount: Minor; orderId: OrderId; key: string }): Promise<RefundOutcome>
  /** The event of a webhook call. Throws when the signature is not the gateway's. */
  verifyWebhook(rawBody: string, signature: string): Stripe.Event
  health(): 'UP' | 'DEGRADED'
}

const CLOCK_SKEW_S = 60
const SEARCH_LAG_MS = 300_000 // Stripe says under a minute, and longer during an outage

/** Stripe, through its SDK. `baseUrl` is another address than Stripe's own: the sandbox. Retries belong to the saga alone. */
export function createGateway(options: {
  secretKey: string
  webhookSecret: string
  baseUrl?: string
  timeoutMs: number
  guard: Guard
}): Gateway {
  const { guard } = options
  const stripe = new Stripe(options.secretKey, {
    timeout: options.timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
    ...addressOf(options.baseUrl),
  })

  return {
    async charge({ orderId, amount, currency, paymentToken, key }) {
      try {
        return await guard('charge', () =>
          definite(async () => {
            const intent = await stripe.paymentIntents.create(
              {
                amount,
                currency: currency.toLowerCase(),
                payment_method: paymentToken,
                confirm: true,
                automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
                metadata: { orderId },
              },
              { idempotencyKey: key },
            )
            if (intent.status !== 'requires_action') return outcomeOf(intent)
            // Nobody will confirm it here; left open it might still be, after the tickets are sold to somebody else.
            await stripe.paymentIntents.cancel(intent.id)
            return outcomeOf(intent)
          }),
        )
      } catch (error) {
        if (error instanceof ServiceUnavailable) return { outcome: 'not-sent', reason: error.reason }
        return { outcome: 'unknown', reason: (error as Error).message }
      }
    },

    async find(orderId, since) {
      try {
        return await guard('find', async () => {
          const { data } = await stripe.paymentIntents.search({ query: `metadata['orderId']:'${orderId}'` })
          if (data.length > 0 || Date.now() - since.getTime() > SEARCH_LAG_MS) return lookupOf(data)
          // Searching lags behind what was just written; listing does not.
          const created = { gte: Math.floor(since.getTime() / 1000) - CLOCK_SKEW_S }
          const intents: Stripe.PaymentIntent[] = []
          for await (const intent of stripe.paymentIntents.list({ limit: 100, created })) {
            if (intent.metadata.orderId === orderId) intents.push(intent)
          }
          return lookupOf(intents)
        })
      } catch (error) {
        return { outcome: 'unreachable', reason: (error as Error).message }
      }
    },

    async cancel(transactionId) {
      try {
        const intent = await guard('cancel', () => stripe.paymentIntents.cancel(transactionId))
        return intent.status === 'canceled' ? 'cancelled' : 'unknown'
      } catch {
        return 'unknown'
      }
    },

    async refund({ transactionId, amount, orderId, key }) {
      try {
        const refund = await guard('refund', () =>
          stripe.refunds.create({ payment_intent: transactionId, amount, metadata: { orderId } }, { idempotencyKey: key }),
        )
        if (refund.status === 'succeeded' || refund.status === 'pending')
          return { outcome: 'refunded', gatewayRefundId: refund.id }
        return { outcome: 'refused', reason: refund.failure_reason ?? refund.status ?? 'failed' }
      } catch (error) {
        const refused = error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409
        return { outcome: refused ? 'refused' : 'unknown', reason: (error as Error).message }
      }
    },

    verifyWebhook: (rawBody, signature) => stripe.webhooks.constructEvent(rawBody, signature, options.webhookSecret),
    health: guard.state,
  }
}

function addressOf(baseUrl: string | undefined) {
  if (!baseUrl) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  return { host: hostname, port, protocol: protocol.slice(0, -1) as 'http' | 'https' }
}

/** Errors that say for certain that nothing was charged become outcomes; the others count against the breaker. */
async function definite(call: () => Promise<ChargeOutcome>): Promise<ChargeOutcome> {
  try {
    return await call()
  } catch (error) {
    const { errors } = Stripe
    if (error instanceof errors.StripeCardError) return declineOf(error.decline_code ?? error.code, error.message)
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

function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome {
  switch (intent.status) {
    case 'succeeded':
      return { outcome: 'charged', transactionId: intent.id }
    case 'requires_action':
      return { outcome: 'declined', reason: 'AUTHENTICATION_REQUIRED', message: 'the card needs a confirmation by its holder' }
    case 'requires_payment_method':
    case 'canceled': {
      const error = intent.last_payment_error
      return declineOf(error?.decline_code ?? error?.code, error?.message)
    }
    default:
      return { outcome: 'unknown', reason: intent.status }
  }
}

function lookupOf(intents: readonly Stripe.PaymentIntent[]): Lookup {
  const succeeded = intents.find(({ status }) => status === 'succeeded')
  if (succeeded) return { outcome: 'charged', transactionId: succeeded.id }
  const [intent] = intents
  if (!intent) return { outcome: 'none' }
  const ended = intent.status === 'canceled' || intent.last_payment_error !== null
  const outcome = outcomeOf(intent)
  return ended && outcome.outcome === 'declined' ? outcome : { outcome: 'open', transactionId: intent.id }
}

/** A decline in our words. */
export function declineOf(code: string | undefined, message: string | undefined) {
  const reason: FailureReason =
    code === 'insufficient_funds'
      ? 'INSUFFICIENT_FUNDS'
      : code === 'authentication_required'
        ? 'AUTHENTICATION_REQUIRED'
        : 'CARD_DECLINED'
  return { outcome: 'declined' as const, reason, message: message ?? 'the card was declined' }
}
