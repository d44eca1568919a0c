import { setTimeout as sleep } from 'node:timers/promises'
import { createRateLimit } from '../rate-limit.ts'
import { inSpan, SpanKind } from '../tracing/spans.ts'
import { createBreaker, type Watchers } from './breaker.ts'
import { createConcurrencyLimit } from './concurrency-limit.ts'
import type { Callee, Policy } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

export interface Guard {
  /**
   * Runs a call under rate limit, bulkhead and breaker, and logs its outcome. Rejects with ServiceUnavailable
   * (sent: false) if one of them refuses it.
   */
  <T>(operation: string, call: () => Promise<T>): Promise<T>
  state(): 'UP' | 'DEGRADED'
  close(): void
}

/**
 * Creates the guard of a callee, one per process, shown in health under the callee's name. A rejected call
 * counts against the breaker; an answer, also a refusal, does not, nor does a call that the caller aborted. A
 * call in flight for longer than `timeoutMs` counts as failed; the calls themselves end by their own signals.
 */
export function createGuard(
  callee: Callee,
  policy: Policy,
  watchers: Watchers,
  { timeoutMs }: { timeoutMs?: number } = {},
): Guard {
  const { bulkhead } = policy
  const full = () => new ServiceUnavailable(callee, 'BULKHEAD_FULL', false)
  const concurrency = bulkhead && createConcurrencyLimit({ ...bulkhead, refusal: full })
  const takePlace = createRate(policy)
  const breaker = createBreaker(callee, policy.breaker, watchers, { timeoutMs, isVoid: isAborted })

  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    // Before waiting for the rate in vain.
    if (breaker.refuses()) throw new ServiceUnavailable(callee, 'BREAKER_OPEN', false)
    if (takePlace && !(await takePlace())) throw new ServiceUnavailable(callee, 'RATE_LIMITED', false)
    return concurrency ? concurrency.run(() => breaker(call)) : breaker(call)
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

/**
 * Takes one call of the rate, waiting at most `rateWaitMs`; returns false if none became available. Null
 * without a rate.
 */
function createRate({ ratePerSecond, rateWaitMs = 0 }: Policy): (() => Promise<boolean>) | null {
  if (!ratePerSecond) return null
  const rate = createRateLimit({ calls: ratePerSecond, intervalMs: 1_000 })
  return async () => {
    const endsAtMs = performance.now() + rateWaitMs
    while (!rate.take()) {
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) return false
      await sleep(Math.min(leftMs, RATE_LOOK_MS))
    }
    return true
  }
}

const isAborted = (error: unknown) => error instanceof ServiceUnavailable && error.reason === 'ABORTED'
