import { setTimeout as sleep } from 'node:timers/promises'
import { E_TIMEOUT, Semaphore, withTimeout } from 'async-mutex'
import { RateLimiter } from 'limiter'
import { inSpan, SpanKind } from '../tracing/spans.ts'
import { createBreaker, type Watchers } from './breaker.ts'
import type { Callee, Policy } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

export interface Guard {
  /** Run a call under rate limit, bulkhead and breaker, and log how it ended. Rejects with ServiceUnavailable (sent: false) when they refuse it. */
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
  const { bulkhead } = policy
  const slots = bulkhead && withTimeout(new Semaphore(bulkhead.concurrent), bulkhead.waitMs)
  const takePlace = createRate(policy)
  const breaker = createBreaker(callee, policy.breaker, watchers, { timeoutMs, isVoid: isAborted })

  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    // Before anything is waited for, or taken from others, in vain.
    if (breaker.refuses()) throw new ServiceUnavailable(callee, 'BREAKER_OPEN', false)
    if (takePlace && !(await takePlace())) throw new ServiceUnavailable(callee, 'RATE_LIMITED', false)
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
    const end = (outcome: string) => {
      const ms = Math.round(done({ outcome }) * 1_000)
      watchers.logger.info({ callee, operation, outcome, ms }, 'called')
    }
    try {
      const answer = await inSpan(
        `${callee} ${operation}`,
        { kind: SpanKind.CLIENT, attributes: { 'peer.service': callee } },
        () => guarded(call),
      )
      end('answered')
      return answer
    } catch (error) {
      end(error instanceof ServiceUnavailable ? error.reason : 'failed')
      throw error
    }
  }
  return Object.assign(guard, { state: breaker.state, close: breaker.close })
}

const RATE_LOOK_MS = 20

/** Takes a place among the calls of a second, and waits for one for `rateWaitMs`; false where none came free. Null where no rate is set. */
function createRate({ ratePerSecond, rateWaitMs = 0 }: Policy): (() => Promise<boolean>) | null {
  if (!ratePerSecond) return null
  // A rate below one is one call in more than a second: a part of a call never makes a place.
  const interval = { tokensPerInterval: Math.max(1, ratePerSecond), interval: 1_000 * Math.max(1, 1 / ratePerSecond) }
  const limiter = new RateLimiter(interval)
  return async () => {
    const endsAtMs = performance.now() + rateWaitMs
    while (!limiter.tryRemoveTokens(1)) {
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) return false
      await sleep(Math.min(leftMs, RATE_LOOK_MS))
    }
    return true
  }
}

const isAborted = (error: unknown) => error instanceof ServiceUnavailable && error.reason === 'ABORTED'
