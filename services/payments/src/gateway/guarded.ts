import { type Guard, type Logger, ServiceUnavailable } from '@boxoffice/service-kit'
import type Stripe from 'stripe'

/** Makes a call of the gateway under our limits and its breaker; `about` are the ids for a log line. */
export type Guarded = <T>(operation: string, about: object, call: () => Promise<T>) => Promise<T>

/** The guard, which logs what fails and what it was about; what a limit of ours refused, its caller logs. */
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
