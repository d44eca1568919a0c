import type { Currency, Minor, OrderId, RefundId } from '@boxoffice/contracts'
import type { Guard, Logger } from '@boxoffice/service-kit'
import Stripe from 'stripe'
import { createCharges } from './charges.ts'
import { logging } from './guarded.ts'
import { createLookups } from './lookups.ts'
import type { ChargeOutcome, Lookup, RefundOutcome } from './outcomes.ts'
import { createRefunds } from './refunds.ts'

/**
 * A refund at the gateway. Without `refundId` it was not made by this service, or before refunds carried
 * their ids.
 */
export interface KnownRefund {
  gatewayRefundId: string
  amount: Minor
  orderId?: string
  refundId?: string
}

/** A charge, under our idempotency key. */
export interface ChargeRequest {
  orderId: OrderId
  amount: Minor
  currency: Currency
  key: string
}

export interface Gateway {
  charge(charge: ChargeRequest & { paymentToken: string }): Promise<ChargeOutcome>
  /**
   * Uses the charge's key for a payment that never charges, so that a charge still in flight cannot either.
   * `used`: the charge came first.
   */
  forbid(charge: ChargeRequest): Promise<'forbidden' | 'used' | 'unknown'>
  /**
   * Finds charges by the order's id in the intents' metadata. `none` is not certain for charges of the last
   * minutes: the search may lag.
   */
  find(orderId: OrderId, since: Date): Promise<Lookup>
  /** Like `find`, but lists all intents since then: slower, without lag. */
  findListed(orderId: OrderId, since: Date): Promise<Lookup>
  /** Cancels an open intent, so that it can never charge. */
  cancel(transactionId: string): Promise<'cancelled' | 'unknown'>
  refund(refund: {
    transactionId: string
    amount: Minor
    orderId: OrderId
    refundId: RefundId
    key: string
  }): Promise<RefundOutcome>
  /** Returns all refunds of a payment; null when the gateway is unavailable. */
  findRefunds(transactionId: string): Promise<KnownRefund[] | null>
  /** Returns the event of a webhook call. Throws when the signature is not the gateway's. */
  verifyWebhook(rawBody: string, signature: string): Stripe.Event
}

/**
 * Creates the gateway on Stripe's SDK. `baseUrl`: an address other than Stripe's, for the sandbox. Retries
 * are left to the saga.
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
