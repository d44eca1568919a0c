import type { EventId } from '@boxoffice/contracts'
import {
  createBreaker,
  isTransient,
  type Policy,
  ServiceUnavailable,
  type Watchers,
} from '@boxoffice/service-kit'

/** Runs what needs Redis about an event; null when it failed, or when Redis is not asked for the moment. */
export type Guarded = <T>(eventId: EventId, work: () => Promise<T>) => Promise<T | null>

/**
 * The breaker in front of Redis: an outage costs its time-out a few times, not on every request. The commands
 * have time-outs of their own. That the database was unavailable while something was drawn says nothing about
 * Redis.
 */
export function guardRedis(policy: Policy, watchers: Watchers) {
  const breaker = createBreaker('redis', policy.breaker, watchers, { isVoid: isTransient })
  const guarded: Guarded = async (eventId, work) => {
    try {
      return await breaker(work)
    } catch (error) {
      if (!(error instanceof ServiceUnavailable))
        watchers.logger.warn({ err: error, eventId }, 'a Redis command failed')
      return null
    }
  }
  return Object.assign(guarded, { close: breaker.close })
}
