import { type Guard, type Logger, ServiceUnavailable } from '@boxoffice/service-kit'
import type Stripe from 'stripe'

/** Calls the gateway within our limits and its breaker; `about` has the ids for log lines. */
export type Guarded = <T>(operation: string, about: object, call: () => Promise<T>) => Promise<T>

/**
 * Wraps the guard to log failed calls with their ids; calls that our own limits refused are logged by the
 * caller.
 */
export const logging =
  (guard: Guard, logger: Logger): Guarded =>
  async (operation, about, call) => {
    try {
      return await guard(operation, call)
    } catch (error) {
      const { type, code, message } = error as Partial<Stripe.errors.StripeError>
      if (!(error instanceof ServiceUnavailable))
        logger.warn({ callee: 'gateway', operation, ...about, type, code, reason: message }, 'call failed')
      throw error
    }
  }
