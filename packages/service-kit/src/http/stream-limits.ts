import { TOO_MANY_STREAMS } from '@boxoffice/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConcurrencyLimitByKey } from '../resilience/concurrency-limit.ts'
import type { Principal } from './authentication.ts'
import { networkOf } from './network.ts'
import { type HandlerRefusal, refuse } from './refusal.ts'

/** The most streams open in a process at once. */
export interface StreamsMax {
  /** Per user. */
  readonly perUser: number
  /** Per address (for IPv6 per /64 network), signed in or not. */
  readonly perAddress: number
}

/** A client may reconnect; clients of server-sent events do so every few seconds. */
const RETRY_AFTER_SECONDS = 10

/**
 * Counts open streams by user and address: each holds a connection here and in every proxy for as long as its
 * client likes, so one client could take them all.
 */
export function createStreamLimits({ perUser, perAddress }: StreamsMax) {
  const ofUser = createConcurrencyLimitByKey<string>({ concurrent: perUser })
  const fromAddress = createConcurrencyLimitByKey<string>({ concurrent: perAddress })

  return {
    /** Returns null and counts the stream until its response has ended, or returns why it is refused. */
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
  ...refuse(TOO_MANY_STREAMS, { message: `${what}: close one, or poll the state instead` }),
  headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
})
