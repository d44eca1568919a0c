import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { Refusal } from './errors.ts'

/** Calls that are not answered yet, or never: the sandbox must be able to stop in spite of them. */
export interface OpenCalls {
  /** Rejects with a Refusal (503) where the sandbox stops meanwhile. */
  wait(ms: number): Promise<void>
  /** Leave the caller without an answer, its connection open until it gives up. */
  withhold(reply: FastifyReply): void
  /** Cut off everybody who waits. */
  abandon(): void
}

/** `pause` resolves after so many milliseconds, and rejects when its signal aborts. */
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
