import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { HealthRegistry } from '../operations/health.ts'
import type { Logger } from '../operations/logging.ts'
import type { Metrics } from '../operations/metrics.ts'
import { type CallCounts, createCallCounts, type Outcome } from './call-counts.ts'
import type { BreakerLimits, Callee } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

/** Where a breaker shows itself: nothing is guarded that health and metrics do not know. */
export interface Watchers {
  readonly health: Pick<HealthRegistry, 'add'>
  readonly metrics: Metrics
  readonly logger: Logger
}

export interface Breaker {
  /** Runs a call. Rejects with ServiceUnavailable (BREAKER_OPEN, not sent) while none is let through. */
  <T>(call: () => Promise<T>): Promise<T>
  /** Whether a call would be refused now. */
  refuses(): boolean
  state(): 'UP' | 'DEGRADED'
  close(): void
}

export interface BreakerOptions {
  /**
   * How long a call may take where the policy has no limit for slow ones; calls that end by themselves in
   * time need none.
   */
  readonly timeoutMs?: number
  /** Whether an error says nothing about the callee. */
  readonly isVoid?: (error: unknown) => boolean
}

const values = { closed: 0, halfOpen: 0.5, open: 1 } as const

/**
 * A breaker for one callee, closed at first. opossum is the state machine and its clock: open, half open
 * after `openMs`, closed. It is moved by our own counts (`call-counts.ts`): those of opossum look at a span
 * of time, and a burst to a callee that hangs left no failure in it. In each state calls are counted anew;
 * one that began in an earlier state says nothing about the present one.
 */
export function createBreaker(
  callee: Callee,
  limits: BreakerLimits,
  { health, metrics, logger }: Watchers,
  { timeoutMs, isVoid = () => false }: BreakerOptions = {},
): Breaker {
  const machine = new CircuitBreaker(async () => {}, {
    timeout: false,
    resetTimeout: limits.openMs,
    // Its own counts are not used: without a clock of theirs nothing runs.
    enableSnapshots: false,
    rotateBucketController: new EventEmitter(),
  })
  // Timers and what they log are no part of the request that happened to start them.
  const outside = AsyncLocalStorage.snapshot()
  const anew = (calls: Partial<BreakerLimits>) => createCallCounts({ ...limits, ...calls, timeoutMs })
  const trials = { windowCalls: limits.trialCalls, minimumCalls: limits.trialCalls }
  let counts: CallCounts | null = anew({})
  let trialsLeft = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  const stateNow = () => (machine.opened ? 'open' : machine.halfOpen ? 'halfOpen' : 'closed')
  metrics.showBreaker(callee, () => values[stateNow()])
  const state = () => (stateNow() === 'closed' ? ('UP' as const) : ('DEGRADED' as const))
  health.add(callee, { required: false, check: async () => state() })
  machine.on('open', () => enter(null, 0))
  machine.on('halfOpen', () => {
    enter(anew(trials), limits.trialCalls)
    logger.info({ callee, trials: limits.trialCalls }, 'breaker half open: trying again')
  })
  machine.on('close', () => {
    enter(anew({}), Number.POSITIVE_INFINITY)
    logger.info({ callee }, 'breaker closed')
  })

  function enter(next: CallCounts | null, permitted: number): void {
    counts = next
    trialsLeft = permitted
    clearTimeout(timer)
    timer = undefined
  }

  function judge(): void {
    const verdict = counts?.verdict(performance.now()) ?? 'undecided'
    if (verdict === 'unhealthy') {
      logger.warn(
        { callee, ...counts?.figures(), openMs: limits.openMs },
        'breaker opened: calls are not made',
      )
      outside(() => machine.open())
    } else if (verdict === 'healthy' && machine.halfOpen) outside(() => machine.close())
  }

  /** One timer, however many calls are in flight: for the next of them that becomes overdue. */
  function watch(): void {
    const atMs = timer ? null : (counts?.overdueAtMs() ?? null)
    if (atMs === null) return
    const look = () => {
      timer = undefined
      judge()
      watch()
    }
    timer = outside(() => setTimeout(look, Math.ceil(atMs - performance.now()) + 1))
    timer.unref()
  }

  function refuses(): boolean {
    if (counts) judge()
    return counts === null || trialsLeft === 0
  }

  async function run<T>(call: () => Promise<T>): Promise<T> {
    if (refuses() || !counts) throw new ServiceUnavailable(callee, 'BREAKER_OPEN', false)
    const began = counts
    const counted = began.begin(performance.now())
    trialsLeft--
    watch()
    const end = (outcome: Outcome) => {
      began.end(counted, performance.now(), outcome)
      if (began !== counts) return
      if (outcome === 'void' && !counted.counted) trialsLeft++
      judge()
    }
    try {
      const answer = await call()
      end('answered')
      return answer
    } catch (error) {
      end(isVoid(error) ? 'void' : 'failed')
      throw error
    }
  }

  return Object.assign(run, {
    refuses,
    state,
    close() {
      clearTimeout(timer)
      machine.shutdown()
    },
  })
}
