import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Refusal } from './errors.ts'

export const Fault = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('ok') }),
  /** Every call waits before it is looked at. */
  z.strictObject({ mode: z.literal('slow'), delayMs: z.int().min(0).max(600_000).default(3_000) }),
  /** Connections are reset before anything is executed, and no webhook is delivered. */
  z.strictObject({ mode: z.literal('down') }),
  /** Every call is answered 503 before anything is executed. */
  z.strictObject({ mode: z.literal('unavailable') }),
  /** Every call is answered 429. */
  z.strictObject({ mode: z.literal('limited') }),
])
export type Fault = z.output<typeof Fault>

/** What is wrong with the gateway at the moment. It is forgotten when the sandbox restarts. */
export interface Faults {
  current(): Fault
  set(fault: Fault): void
  /**
   * Let a call meet the fault; true where it is over with that. Throws a Refusal where the fault answers it.
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
          'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.'
        throw new Refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message })
      }
      if (fault.mode !== 'down') return false
      reply.hijack()
      request.raw.socket.resetAndDestroy()
      return true
    },
  }
}
