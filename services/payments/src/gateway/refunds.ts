import type { Minor } from '@boxoffice/contracts'
import { ServiceUnavailable } from '@boxoffice/service-kit'
import type Stripe from 'stripe'
import type { Gateway, KnownRefund } from './gateway.ts'
import type { Guarded } from './guarded.ts'
import { definiteRefund } from './outcomes.ts'

/** Refunds at Stripe. */
export function createRefunds(stripe: Stripe, guard: Guarded): Pick<Gateway, 'refund' | 'findRefunds'> {
  return {
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
  }
}
