import { TOO_MANY_STREAMS } from '@boxoffice/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConcurrencyLimitByKey } from '../resilience/concurrency-limit.ts'
import type { Principal } from './authentication.ts'
import { networkOf } from './network.ts'
import { type HandlerRefusal, refuse } from './refusal.ts'

/** How many streams may be open in a process at once. */
export interface StreamsMax {
  /** Of one user. */
  readonly perUser: number
  /** From one address (of IPv6: one /64 network), signed in or not. */
  readonly perAddress: number
}

/**
 * A stream that is closed may be opened again; clients of server-sent events try every few seconds by
 * themselves.
 */
const RETRY_AFTER_SECONDS = 10

/**
 * Counts the streams that are open, by who opened them and from where: each holds a connection for as long as
 * its client likes, here and in every proxy before us, so one client could take them all.
 */
export function createStreamLimits({ perUser, perAddress }: StreamsMax) {
  const ofUser = createConcurrencyLimitByKey<string>({ concurrent: perUser })
  const fromAddress = createConcurrencyLimitByKey<string>({ concurrent: perAddress })

  return {
    /** Null: it is counted until its answer has ended. Otherwise why it may not be opened. */
    enter(
      request: Pick<FastifyRequest, 'ip'>,
      reply: Pick<FastifyReply, 'raw'>,
      principal: Principal,
    ): HandlerRefusal | null {
      const user = principal && 'userId' in principal ? principal.userId : null
      const leaveUser = user && ofUser.claim(user)
      if (user && !leaveUser) return tooMany(`you have ${perUser} streams open`)
      const leaveAddress = fromAddress.claim(networkOf(request.ip))
      if (!leaveAddress) {
        leaveUser?.()
        return tooMany(`${perAddress} streams are open from your address`)
      }
      const end = () => {
        leaveUser?.()
        leaveAddress()
      }
      if (reply.raw.destroyed) end()
      else reply.raw.once('close', end)
      return null
    },
  }
}
export type StreamLimits = ReturnType<typeof createStreamLimits>

const tooMany = (what: string): HandlerRefusal => ({
  ...refuse(TOO_MANY_STREAMS, { message: `${what}: close one, or ask for the state now and then` }),
  headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
})
