import type { EventId } from '@boxoffice/contracts'
import {
  createBreaker,
  isTransient,
  type Policy,
  ServiceUnavailable,
  type Watchers,
} from '@boxoffice/service-kit'

/** Runs Redis commands about an event; null when they failed or the breaker is open. */
export type Guarded = <T>(eventId: EventId, work: () => Promise<T>) => Promise<T | null>

/**
 * Guards Redis with a breaker, so that an outage costs a few time-outs and not one per request. The commands
 * have their own time-outs. A database failure during a rebuild does not count against Redis.
 */
export function guardRedis(policy: Policy, watchers: Watchers) {
  const breaker = createBreaker('redis', policy.breaker, watchers, { isVoid: isTransient })
  const guarded: Guarded = async (eventId, work) => {
    try {
      return await breaker(work)
    } catch (error) {
      if (!(error instanceof ServiceUnavailable))
        watchers.logger.warn({ err: error, eventId }, 'Redis command failed')
      return null
    }
  }
  return Object.assign(guarded, { close: breaker.close })
}
