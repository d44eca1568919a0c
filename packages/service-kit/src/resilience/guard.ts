import { setTimeout as sleep } from 'node:timers/promises'
import { createRateLimit } from '../rate-limit.ts'
import { inSpan, SpanKind } from '../tracing/spans.ts'
import { createBreaker, type Watchers } from './breaker.ts'
import { createConcurrencyLimit } from './concurrency-limit.ts'
import type { Callee, Policy } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

export interface Guard {
  /**
   * Run a call under rate limit, bulkhead and breaker, and log how it ended. Rejects with ServiceUnavailable
   * (sent: false) when they refuse it.
   */
  <T>(operation: string, call: () => Promise<T>): Promise<T>
  state(): 'UP' | 'DEGRADED'
  close(): void
}

/**
 * One per callee and process, shown in health under the callee's name. A rejected call counts against the
 * breaker; an answer of the callee, also a refusal, does not, nor does what the caller gave up itself.
 * `timeoutMs`: how long the calls may take, by which one that is in flight for longer has failed; they end by
 * signals of their own.
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
    // Before anything is waited for, or taken from others, in vain.
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
 * Takes a place among the calls of a second, and waits for one for `rateWaitMs`; false where none came free.
 * Null where no rate is set.
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
