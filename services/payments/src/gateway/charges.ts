import { ServiceUnavailable } from '@boxoffice/service-kit'
import Stripe from 'stripe'
import type { Gateway } from './gateway.ts'
import type { Guarded } from './guarded.ts'
import { definite, outcomeOf } from './outcomes.ts'

/** Charges at Stripe, and prevents charges. */
export function createCharges(stripe: Stripe, guard: Guarded): Pick<Gateway, 'charge' | 'forbid' | 'cancel'> {
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
            // Confirmation by the holder is not supported; an open intent could still be confirmed after the
            // tickets are sold to another buyer.
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
  }
}

/** The key was used before, by the charge that it belongs to. */
const isKeyOfAnother = (error: unknown) =>
  error instanceof Stripe.errors.StripeIdempotencyError && error.statusCode === 400
