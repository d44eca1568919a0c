import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { Refusal } from './errors.ts'

/** Calls that are pending or will never be answered; the sandbox must be able to stop in spite of them. */
export interface OpenCalls {
  /** Waits; rejects with a Refusal (503) if the sandbox stops. */
  wait(ms: number): Promise<void>
  /** Leaves the call unanswered, with its connection open until the caller gives up. */
  withhold(reply: FastifyReply): void
  /** Closes all open connections. */
  abandon(): void
}

/** `pause` resolves after a number of milliseconds, and rejects when its signal aborts. */
export function createOpenCalls(
  pause = (ms: number, signal: AbortSignal): Promise<unknown> => sleep(ms, null, { signal }),
): OpenCalls {
  const withheld = new Set<FastifyReply>()
  const stopping = new AbortController()
  return {
    wait: async (ms) => {
      await pause(ms, stopping.signal).catch((cause) => {
        throw Object.assign(new Refusal(503, { type: 'api_error', message: 'The sandbox is stopping.' }), {
          cause,
        })
      })
    },
    withhold: (reply) => {
      reply.hijack()
      withheld.add(reply)
      reply.raw.once('close', () => withheld.delete(reply))
    },
    abandon: () => {
      stopping.abort()
      for (const reply of withheld) reply.raw.destroy()
    },
  }
}
