import type { Currency, Minor, OrderId, RefundId } from '@boxoffice/contracts'
import type { Guard, Logger } from '@boxoffice/service-kit'
import Stripe from 'stripe'
import { createCharges } from './charges.ts'
import { logging } from './guarded.ts'
import { createLookups } from './lookups.ts'
import type { ChargeOutcome, Lookup, RefundOutcome } from './outcomes.ts'
import { createRefunds } from './refunds.ts'

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

/**
 * Stripe, through its SDK. `baseUrl` is another address than Stripe's own: the sandbox. Retries belong to
 * the saga alone.
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

  return {
    ...createCharges(stripe, guard),
    ...createLookups(stripe, guard),
    ...createRefunds(stripe, guard),
    verifyWebhook: (rawBody, signature) =>
      stripe.webhooks.constructEvent(rawBody, signature, options.webhookSecret),
  }
}

function addressOf(baseUrl: string | undefined) {
  if (!baseUrl) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  return { host: hostname, port, protocol: protocol.slice(0, -1) as 'http' | 'https' }
}
