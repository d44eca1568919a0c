import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { HealthRegistry } from '../operations/health.ts'
import type { Logger } from '../operations/logging.ts'
import type { Metrics } from '../operations/metrics.ts'
import { type CallCounts, createCallCounts, type Outcome } from './call-counts.ts'
import type { BreakerLimits, Callee } from './policies.ts'
import { ServiceUnavailable } from './unavailable.ts'

/** Where a breaker reports: every guard appears in health and metrics. */
export interface Watchers {
  readonly health: Pick<HealthRegistry, 'add'>
  readonly metrics: Metrics
  readonly logger: Logger
}

export interface Breaker {
  /** Runs a call. Rejects with ServiceUnavailable (BREAKER_OPEN, not sent) while the breaker is open. */
  <T>(call: () => Promise<T>): Promise<T>
  /** Whether a call would be refused now. */
  refuses(): boolean
  state(): 'UP' | 'DEGRADED'
  close(): void
}

export interface BreakerOptions {
  /** When a call in flight counts as failed, if the policy has no limit for slow calls. */
  readonly timeoutMs?: number
  /** Whether an error says nothing about the callee. */
  readonly isVoid?: (error: unknown) => boolean
}

const values = { closed: 0, halfOpen: 0.5, open: 1 } as const

/**
 * Creates a breaker for one callee, closed at first. opossum is the state machine and its clock: open, half
 * open after `openMs`, closed. Our own counts (`call-counts.ts`) move it: those of opossum cover a span of
 * time, and a burst of calls to a callee that hangs leaves no failure in it. Each state starts new counts; a
 * call that began in an earlier state does not count.
 */
export function createBreaker(
  callee: Callee,
  limits: BreakerLimits,
  { health, metrics, logger }: Watchers,
  { timeoutMs, isVoid = () => false }: BreakerOptions = {},
): Breaker {
  const machine = createStateMachine(limits)
  // Timers and their log lines do not belong to the request that started them.
  const outside = AsyncLocalStorage.snapshot()
  const newCounts = (calls: Partial<BreakerLimits>) => createCallCounts({ ...limits, ...calls, timeoutMs })
  const trials = { windowCalls: limits.trialCalls, minimumCalls: limits.trialCalls }
  let counts: CallCounts | null = newCounts({})
  let trialsLeft = Number.POSITIVE_INFINITY
  const overdue = createOverdueTimer(outside, () => counts?.overdueAtMs() ?? null, judge)

  metrics.showBreaker(callee, () => values[machine.current()])
  const state = () => (machine.current() === 'closed' ? ('UP' as const) : ('DEGRADED' as const))
  health.add(callee, { required: false, check: async () => state() })
  machine.on('open', () => enter(null, 0))
  machine.on('halfOpen', () => {
    enter(newCounts(trials), limits.trialCalls)
    logger.info({ callee, trials: limits.trialCalls }, 'breaker half open: trying again')
  })
  machine.on('close', () => {
    enter(newCounts({}), Number.POSITIVE_INFINITY)
    logger.info({ callee }, 'breaker closed')
  })

  function enter(next: CallCounts | null, permitted: number): void {
    counts = next
    trialsLeft = permitted
    overdue.clear()
  }

  function judge(): void {
    const verdict = counts?.verdict(performance.now()) ?? 'undecided'
    if (verdict === 'unhealthy') {
      logger.warn(
        { callee, ...counts?.figures(), openMs: limits.openMs },
        'breaker opened: calls are not made',
      )
      outside(() => machine.open())
    } else if (verdict === 'healthy' && machine.current() === 'halfOpen') outside(() => machine.close())
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
    overdue.watch()
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
      overdue.clear()
      machine.shutdown()
    },
  })
}

/** Creates opossum's state machine, without its own counts and their clock. */
function createStateMachine({ openMs }: BreakerLimits) {
  const machine = new CircuitBreaker(async () => {}, {
    timeout: false,
    resetTimeout: openMs,
    enableSnapshots: false,
    rotateBucketController: new EventEmitter(),
  })
  return Object.assign(machine, {
    current: () => (machine.opened ? 'open' : machine.halfOpen ? 'halfOpen' : 'closed'),
  } as const)
}

/** Calls `onOverdue` when the next call in flight becomes overdue: one timer for any number of calls. */
function createOverdueTimer(
  outside: ReturnType<typeof AsyncLocalStorage.snapshot>,
  overdueAtMs: () => number | null,
  onOverdue: () => void,
) {
  let timer: NodeJS.Timeout | undefined
  function watch(): void {
    const atMs = timer ? null : overdueAtMs()
    if (atMs === null) return
    const fire = () => {
      timer = undefined
      onOverdue()
      watch()
    }
    timer = outside(() => setTimeout(fire, Math.ceil(atMs - performance.now()) + 1))
    timer.unref()
  }
  return {
    watch,
    clear(): void {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
