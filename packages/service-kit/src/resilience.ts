import type { ServiceKey } from '@boxoffice/contracts'
import { E_TIMEOUT, Semaphore, withTimeout } from 'async-mutex'
import { RateLimiter } from 'limiter'
import CircuitBreaker from 'opossum'
import { z } from 'zod'
import type { Metrics } from './metrics.ts'
import { inSpan, SpanKind } from './tracing/spans.ts'

export type Callee = ServiceKey | 'gateway' | 'mail' | 'sms'

/** How much trust a callee gets. Times in milliseconds; a limit that is absent does not apply. */
export interface Policy {
  /** opossum counts over a window of 10 s: `volumeThreshold` stands for the least number of calls. */
  readonly breaker: { volumeThreshold: number; errorPercent: number; openMs: number; slowMs?: number }
  readonly retry?: { attempts: number; firstWaitMs: number }
  readonly bulkhead?: { concurrent: number; waitMs: number }
  readonly ratePerSecond?: number
  /** How long another service may take to answer; 10 s where nothing is given. */
  readonly responseTimeoutMs?: number
}

/** The table of the design (`Resilience`), one breaker per callee. Every figure can be given anew. */
export const policies: Readonly<Record<Callee, Policy>> = {
  auth: { breaker: { volumeThreshold: 5, errorPercent: 50, openMs: 30_000 }, retry: { attempts: 3, firstWaitMs: 1_000 } },
  events: {
    breaker: { volumeThreshold: 5, errorPercent: 50, openMs: 30_000, slowMs: 2_000 },
    retry: { attempts: 3, firstWaitMs: 500 },
  },
  tickets: {
    breaker: { volumeThreshold: 10, errorPercent: 40, openMs: 60_000 },
    retry: { attempts: 3, firstWaitMs: 500 },
    bulkhead: { concurrent: 50, waitMs: 500 },
  },
  payments: { breaker: { volumeThreshold: 5, errorPercent: 50, openMs: 30_000, slowMs: 2_000 } },
  notifications: { breaker: { volumeThreshold: 5, errorPercent: 50, openMs: 30_000, slowMs: 2_000 } },
  analytics: { breaker: { volumeThreshold: 5, errorPercent: 50, openMs: 30_000, slowMs: 2_000 } },
  gateway: {
    breaker: { volumeThreshold: 8, errorPercent: 30, openMs: 45_000, slowMs: 5_000 },
    bulkhead: { concurrent: 20, waitMs: 1_000 },
    ratePerSecond: 50,
  },
  mail: {
    breaker: { volumeThreshold: 5, errorPercent: 60, openMs: 60_000 },
    retry: { attempts: 5, firstWaitMs: 1_000 },
    bulkhead: { concurrent: 100, waitMs: 100 },
  },
  sms: {
    breaker: { volumeThreshold: 5, errorPercent: 60, openMs: 60_000 },
    retry: { attempts: 5, firstWaitMs: 1_000 },
    bulkhead: { concurrent: 20, waitMs: 100 },
  },
}

const milliseconds = z.int().nonnegative()
const PolicyChanges = z.strictObject({
  breaker: z
    .strictObject({
      volumeThreshold: z.int().min(1),
      errorPercent: z.number().min(1).max(100),
      openMs: milliseconds,
      slowMs: milliseconds,
    })
    .partial()
    .optional(),
  retry: z.strictObject({ attempts: z.int().min(1), firstWaitMs: milliseconds }).optional(),
  bulkhead: z.strictObject({ concurrent: z.int().min(1), waitMs: milliseconds }).optional(),
  ratePerSecond: z.number().positive().optional(),
  responseTimeoutMs: z.int().min(1).optional(),
})
/** Figures that replace those of the table, by callee: `{"gateway":{"ratePerSecond":500}}`. */
export const PolicyOverrides = z.partialRecord(
  z.enum(['auth', 'events', 'tickets', 'payments', 'notifications', 'analytics', 'gateway', 'mail', 'sms']),
  PolicyChanges,
)

/** The table with these figures replaced. */
export function policiesWith(overrides: z.output<typeof PolicyOverrides>): Record<Callee, Policy> {
  const merged = Object.entries(policies).map(([callee, policy]) => {
    const { breaker, ...rest } = overrides[callee as Callee] ?? {}
    return [callee, { ...policy, ...rest, breaker: { ...policy.breaker, ...breaker } }]
  })
  return Object.fromEntries(merged)
}

export type UnavailableReason = 'BREAKER_OPEN' | 'BULKHEAD_FULL' | 'RATE_LIMITED' | 'TIMEOUT' | 'CONNECTION' | 'ANSWER'

/** A callee that cannot be had. `sent`: whether it may have seen the request; where false, certainly nothing happened. */
export class ServiceUnavailable extends Error {
  readonly callee: Callee
  readonly reason: UnavailableReason
  readonly sent: boolean
  constructor(callee: Callee, reason: UnavailableReason, sent: boolean, cause?: unknown) {
    super(`${callee}: ${reason}`, { cause })
    this.callee = callee
    this.reason = reason
    this.sent = sent
  }
}

/** The breaker gets a failure, the caller the answer: for calls that were answered too late. */
class SlowAnswer extends Error {
  readonly answer: unknown
  constructor(answer: unknown) {
    super('slow')
    this.answer = answer
  }
}

export interface Guard {
  /** Run a call under rate limit, bulkhead and breaker. Rejects with ServiceUnavailable (sent: false) when they refuse it. */
  <T>(operation: string, call: () => Promise<T>): Promise<T>
  state(): 'UP' | 'DEGRADED'
  close(): void
}

/** One per callee and process. A rejected call counts against the breaker; an answer of the callee, also a refusal, does not. */
export function createGuard(callee: Callee, policy: Policy, metrics: Metrics): Guard {
  const { breaker: limits, bulkhead, ratePerSecond } = policy
  const slots = bulkhead && withTimeout(new Semaphore(bulkhead.concurrent), bulkhead.waitMs)
  const rate = ratePerSecond ? new RateLimiter({ tokensPerInterval: ratePerSecond, interval: 'second' }) : null
  const breaker = new CircuitBreaker(
    async (call: () => Promise<unknown>) => {
      const started = performance.now()
      const answer = await call()
      if (limits.slowMs !== undefined && performance.now() - started > limits.slowMs) throw new SlowAnswer(answer)
      return answer
    },
    {
      timeout: false, // each call brings its own signal; opossum's would free the slot while the call goes on
      errorThresholdPercentage: limits.errorPercent,
      volumeThreshold: limits.volumeThreshold,
      resetTimeout: limits.openMs,
      rollingCountTimeout: 10_000,
      rollingCountBuckets: 10,
    },
  )
  const show = (value: number) => () => metrics.breakerState.set({ callee }, value)
  breaker.on('open', show(1)).on('halfOpen', show(0.5)).on('close', show(0))
  show(0)()

  async function fire<T>(call: () => Promise<T>): Promise<T> {
    try {
      return (await breaker.fire(call)) as T
    } catch (error) {
      if (error instanceof SlowAnswer) return error.answer as T
      if ((error as { code?: string }).code === 'EOPENBREAKER') throw new ServiceUnavailable(callee, 'BREAKER_OPEN', false, error)
      throw error
    }
  }

  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    if (rate && !rate.tryRemoveTokens(1)) throw new ServiceUnavailable(callee, 'RATE_LIMITED', false)
    if (!slots) return fire(call)
    try {
      return await slots.runExclusive(() => fire(call))
    } catch (error) {
      if (error === E_TIMEOUT) throw new ServiceUnavailable(callee, 'BULKHEAD_FULL', false)
      throw error
    }
  }

  const guard = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const done = metrics.callSeconds.startTimer({ callee, operation })
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
  return Object.assign(guard, {
    state: () => (breaker.opened || breaker.halfOpen ? ('DEGRADED' as const) : ('UP' as const)),
    close: () => breaker.shutdown(),
  })
}
