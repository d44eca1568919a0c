import type { OrderId } from '@boxoffice/contracts'
import type Stripe from 'stripe'
import type { Gateway } from './gateway.ts'
import type { Guarded } from './guarded.ts'
import { type Lookup, lookupOf } from './outcomes.ts'

const CLOCK_SKEW_S = 60
const SEARCH_LAG_MS = 300_000 // Stripe says under a minute, and longer during an outage

/** Looks up an order's charges at Stripe. */
export function createLookups(stripe: Stripe, guard: Guarded): Pick<Gateway, 'find' | 'findListed'> {
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
    find: (orderId, since) =>
      lookUp(orderId, async () => {
        const { data } = await stripe.paymentIntents.search({ query: `metadata['orderId']:'${orderId}'` })
        if (data.length > 0 || Date.now() - since.getTime() > SEARCH_LAG_MS) return lookupOf(data)
        // Search lags behind recent writes; listing does not.
        return listed(orderId, since)
      }),
    findListed: (orderId, since) => lookUp(orderId, () => listed(orderId, since)),
  }
}
