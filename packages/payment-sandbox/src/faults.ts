import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Refusal } from './errors.ts'

export const Fault = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('ok') }),
  /** Delays every call. */
  z.strictObject({ mode: z.literal('slow'), delayMs: z.int().min(0).max(600_000).default(3_000) }),
  /** Resets connections before execution and delivers no webhooks. */
  z.strictObject({ mode: z.literal('down') }),
  /** Answers every call with 503 before execution. */
  z.strictObject({ mode: z.literal('unavailable') }),
  /** Answers every call with 429. */
  z.strictObject({ mode: z.literal('limited') }),
])
export type Fault = z.output<typeof Fault>

/** The simulated faults of the gateway. They are cleared by a restart. */
export interface Faults {
  current(): Fault
  set(fault: Fault): void
  /**
   * Applies the fault to a call; returns true if the connection was reset. Throws a Refusal if the fault
   * answers the call.
   */
  meet(request: FastifyRequest, reply: FastifyReply): Promise<boolean>
}

export function createFaults(wait: (ms: number) => Promise<void>): Faults {
  let fault: Fault = { mode: 'ok' }
  return {
    current: () => fault,
    set: (next) => {
      fault = next
    },
    meet: async (request, reply) => {
      if (fault.mode === 'slow') await wait(fault.delayMs)
      if (fault.mode === 'unavailable')
        throw new Refusal(503, { type: 'api_error', message: 'The gateway is unavailable.' })
      if (fault.mode === 'limited') {
        reply.header('stripe-rate-limited-reason', 'global-rate')
        const message =
          'Request rate limit exceeded. Learn more about rate limits here ' +
          'https://stripe.com/docs/rate-limits.'
        throw new Refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message })
      }
      if (fault.mode !== 'down') return false
      reply.hijack()
      request.raw.socket.resetAndDestroy()
      return true
    },
  }
}
