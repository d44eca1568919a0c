import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '../identity/authentication.ts'
import { networkOf } from './network.ts'
import { type HandlerRefusal, refuse } from './refusal.ts'

/** How many streams may be open in a process at once. */
export interface StreamsMax {
  /** Of one user. */
  readonly perUser: number
  /** From one address (of IPv6: one /64 network), signed in or not. */
  readonly perAddress: number
}

/** A stream that is closed may be opened again; clients of server-sent events try every few seconds by themselves. */
const RETRY_AFTER_SECONDS = 10

/**
 * Counts the streams that are open, by who opened them and from where: each holds a connection for as long as its client likes, here and in
 * every proxy before us, so one client could take them all.
 */
export function createStreamLimits({ perUser, perAddress }: StreamsMax) {
  const open = new Map<string, number>()
  const countOf = (key: string) => open.get(key) ?? 0

  function leave(key: string): void {
    const left = countOf(key) - 1
    if (left > 0) open.set(key, left)
    else open.delete(key)
  }

  return {
    /** Null: it is counted until its answer has ended. Otherwise why it may not be opened. */
    enter(
      request: Pick<FastifyRequest, 'ip'>,
      reply: Pick<FastifyReply, 'raw'>,
      principal: Principal,
    ): HandlerRefusal<429> | null {
      const address = `from ${networkOf(request.ip)}`
      const user = principal && 'userId' in principal ? `of ${principal.userId}` : null
      if (user && countOf(user) >= perUser) return tooMany(`you have ${perUser} streams open`)
      if (countOf(address) >= perAddress) return tooMany(`${perAddress} streams are open from your address`)
      const keys = user ? [user, address] : [address]
      for (const key of keys) open.set(key, countOf(key) + 1)
      const end = () => {
        for (const key of keys) leave(key)
      }
      if (reply.raw.destroyed) end()
      else reply.raw.once('close', end)
      return null
    },
  }
}
export type StreamLimits = ReturnType<typeof createStreamLimits>

const tooMany = (what: string): HandlerRefusal<429> => ({
  ...refuse(429, 'RATE_LIMITED', `${what}: close one, or ask for the state now and then`),
  headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
})
