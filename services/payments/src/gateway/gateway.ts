import type { Currency, Minor, OrderId, RefundId } from '@boxoffice/contracts'
import { type Guard, type Logger, ServiceUnavailable } from '@boxoffice/service-kit'
import Stripe from 'stripe'
import {
  type ChargeOutcome,
  definite,
  definiteRefund,
  type Lookup,
  lookupOf,
  outcomeOf,
  type RefundOutcome,
} from './outcomes.ts'

/**
 * A refund in the gateway's books; without `refundId` it is not one of ours, or made before ours carried
 * their ids.
 */
export interface KnownRefund {
  gatewayRefundId: string
  amount: Minor
  orderId?: string
  refundId?: string
}

/** What is to be charged, under our idempotency key. */
export interface ChargeRequest {
  orderId: OrderId
  amount: Minor
  currency: Currency
  key: string
}

export interface Gateway {
  charge(charge: ChargeRequest & { paymentToken: string }): Promise<ChargeOutcome>
  /**
   * Take the charge's key for a payment that never charges, so that a charge that is still on its way cannot
   * either. `used`: the charge came first.
   */
  forbid(charge: ChargeRequest): Promise<'forbidden' | 'used' | 'unknown'>
  /**
   * By the order's id in the intents' metadata. `none` says little of what was sent in the last minutes: the
   * search may lag.
   */
  find(orderId: OrderId, since: Date): Promise<Lookup>
  /** Like `find`, among all intents since then: slower, and it does not lag. */
  findListed(orderId: OrderId, since: Date): Promise<Lookup>
  /** End an open intent, so that it can never charge. */
  cancel(transactionId: string): Promise<'cancelled' | 'unknown'>
  refund(refund: {
    transactionId: string
    amount: Minor
    orderId: OrderId
    refundId: RefundId
    key: string
  }): Promise<RefundOutcome>
  /** Everything that went back of a payment; null when the gateway cannot be asked. */
  findRefunds(transactionId: string): Promise<KnownRefund[] | null>
  /** The event of a webhook call. Throws when the signature is not the gateway's. */
  verifyWebhook(rawBody: string, signature: string): Stripe.Event
}

const CLOCK_SKEW_S = 60
const SEARCH_LAG_MS = 300_000 // Stripe says under a minute, and longer during an outage

/**
 * Stripe, through its SDK. `baseUrl` is another address than Stripe's own: the sandbox. Retries belong to the
 * saga alone.
 */
export function createGateway(options: {
  secretKey: string
  webhookSecret: string
  baseUrl?: string
  timeoutMs: number
  guard: Guard
  logger: Logger
}): Gateway {
  const guard = logging(options.guard, options.logger)
  const stripe = new Stripe(options.secretKey, {
    timeout: options.timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
    ...addressOf(options.baseUrl),
  })

  async function listed(orderId: OrderId, since: Date): Promise<Lookup> {
    const created = { gte: Math.floor(since.getTime() / 1000) - CLOCK_SKEW_S }
    const intents: Stripe.PaymentIntent[] = []
    for await (const intent of stripe.paymentIntents.list({ limit: 100, created })) {
      if (intent.metadata.orderId === orderId) intents.push(intent)
    }
    return lookupOf(intents)
  }

  async function lookUp(orderId: OrderId, look: () => Promise<Lookup>): Promise<Lookup> {
    try {
      return await guard('find', { orderId }, look)
    } catch (error) {
      return { outcome: 'unreachable', reason: (error as Error).message }
    }
  }

  return {
    async charge({ orderId, amount, currency, paymentToken, key }) {
      try {
        return await guard('charge', { orderId }, () =>
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
            // Nobody will confirm it here; left open it might still be, after the tickets are sold to
            // somebody else.
            await stripe.paymentIntents.cancel(intent.id)
            return outcomeOf(intent)
          }),
        )
      } catch (error) {
        if (error instanceof ServiceUnavailable) return { outcome: 'not-sent', reason: error.reason }
        return { outcome: 'unknown', reason: (error as Error).message }
      }
    },

    async forbid({ orderId, amount, currency, key }) {
      try {
        return await guard('forbid', { orderId }, async () => {
          const metadata = { orderId, purpose: 'takes the key of a charge that is not to be' }
          const wanted = { amount, currency: currency.toLowerCase(), metadata }
          const made = await stripe.paymentIntents.create(wanted, { idempotencyKey: key }).catch((error) => {
            if (isKeyOfAnother(error)) return null
            throw error
          })
          if (!made) return 'used'
          await stripe.paymentIntents.cancel(made.id)
          return 'forbidden'
        })
      } catch {
        return 'unknown'
      }
    },

    find: (orderId, since) =>
      lookUp(orderId, async () => {
        const { data } = await stripe.paymentIntents.search({ query: `metadata['orderId']:'${orderId}'` })
        if (data.length > 0 || Date.now() - since.getTime() > SEARCH_LAG_MS) return lookupOf(data)
        // Searching lags behind what was just written; listing does not.
        return listed(orderId, since)
      }),
    findListed: (orderId, since) => lookUp(orderId, () => listed(orderId, since)),

    async cancel(transactionId) {
      try {
        const intent = await guard('cancel', { transactionId }, () =>
          stripe.paymentIntents.cancel(transactionId),
        )
        return intent.status === 'canceled' ? 'cancelled' : 'unknown'
      } catch {
        return 'unknown'
      }
    },

    async refund({ transactionId, amount, orderId, refundId, key }) {
      const wanted = { payment_intent: transactionId, amount, metadata: { orderId, refundId } }
      try {
        return await guard('refund', { orderId, refundId }, () =>
          definiteRefund(() => stripe.refunds.create(wanted, { idempotencyKey: key })),
        )
      } catch (error) {
        if (error instanceof ServiceUnavailable) return { outcome: 'not-sent', reason: error.reason }
        return { outcome: 'unknown', reason: (error as Error).message }
      }
    },

    async findRefunds(transactionId) {
      try {
        return await guard('find refunds', { transactionId }, async () => {
          const found: KnownRefund[] = []
          for await (const refund of stripe.refunds.list({ payment_intent: transactionId, limit: 100 })) {
            if (refund.status !== 'succeeded' && refund.status !== 'pending') continue
            const { orderId, refundId } = refund.metadata ?? {}
            found.push({ gatewayRefundId: refund.id, amount: refund.amount as Minor, orderId, refundId })
          }
          return found
        })
      } catch {
        return null
      }
    },

    verifyWebhook: (rawBody, signature) =>
      stripe.webhooks.constructEvent(rawBody, signature, options.webhookSecret),
  }
}

/**
 * The guard, so that what fails is logged with what it was about. What a limit of ours refused is told by who
 * then waits.
 */
const logging =
  (guard: Guard, logger: Logger) =>
  async <T>(operation: string, about: object, call: () => Promise<T>): Promise<T> => {
    try {
      return await guard(operation, call)
    } catch (error) {
      const { type, code, message } = error as Partial<Stripe.errors.StripeError>
      if (!(error instanceof ServiceUnavailable))
        logger.warn({ callee: 'gateway', operation, ...about, type, code, reason: message }, 'call failed')
      throw error
    }
  }

function addressOf(baseUrl: string | undefined) {
  if (!baseUrl) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  return { host: hostname, port, protocol: protocol.slice(0, -1) as 'http' | 'https' }
}

/** The key was used before, for the request that it was made for. */
const isKeyOfAnother = (error: unknown) =>
  error instanceof Stripe.errors.StripeIdempotencyError && error.statusCode === 400
