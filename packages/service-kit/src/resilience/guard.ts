import { E_TIMEOUT, Semaphore, withTimeout } from 'async-mutex'
import { RateLimiter } from 'limiter'
import { inSpan, SpanKind } from '../tracing/spans.ts'
import { createBreaker, type Watchers } from './breaker.ts'
import type { Callee, Policy } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

export interface Guard {
  /** Run a call under rate limit, bulkhead and breaker. Rejects with ServiceUnavailable (sent: false) when they refuse it. */
  <T>(operation: string, call: () => Promise<T>): Promise<T>
  state(): 'UP' | 'DEGRADED'
  close(): void
}

/**
 * One per callee and process, shown in health under the callee's name. A rejected call counts against the breaker; an answer
 * of the callee, also a refusal, does not, nor does what the caller gave up itself. `timeoutMs`: how long the calls may take,
 * by which one that is in flight for longer has failed; they end by signals of their own.
 */
export function createGuard(
  callee: Callee,
  policy: Policy,
  watchers: Watchers,
  { timeoutMs }: { timeoutMs?: number } = {},
): Guard {
  const { bulkhead, ratePerSecond } = policy
  const slots = bulkhead && withTimeout(new Semaphore(bulkhead.concurrent), bulkhead.waitMs)
  const rate = ratePerSecond ? new RateLimiter({ tokensPerInterval: ratePerSecond, interval: 'second' }) : null
  const breaker = createBreaker(callee, policy.breaker, watchers, { timeoutMs, isVoid: isAborted })

  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    // Before anything is waited for, or taken from others, in vain.
    if (breaker.refuses()) throw new ServiceUnavailable(callee, 'BREAKER_OPEN', false)
    if (rate && !rate.tryRemoveTokens(1)) throw new ServiceUnavailable(callee, 'RATE_LIMITED', false)
    if (!slots) return breaker(call)
    try {
      return await slots.runExclusive(() => breaker(call))
    } catch (error) {
      if (error === E_TIMEOUT) throw new ServiceUnavailable(callee, 'BULKHEAD_FULL', false)
      throw error
    }
  }

  const guard = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const done = watchers.metrics.callSeconds.startTimer({ callee, operation })
    try {
      const answer = await inSpan(
        `${callee} ${operation}`,
        { kind: SpanKind.CLIENT, attributes: { 'peer.service': callee } },
        () => guarded(call),
      )
      done({ outcome: 'answered' })
      return answer
    } catch (error) {
      done({ outcome: error instanceof ServiceUnavailable ? error.reason : 'failed' })
      throw error
    }
  }
  return Object.assign(guard, { state: breaker.state, close: breaker.close })
}

const isAborted = (error: unknown) => error instanceof ServiceUnavailable && error.reason === 'ABORTED'
