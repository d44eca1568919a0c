/** What the last calls of a callee say of it. `undecided`: too few are known. */
export type Verdict = 'undecided' | 'healthy' | 'unhealthy'
/** `void`: it says nothing about the callee, such as a call that its caller gave up. */
export type Outcome = 'answered' | 'failed' | 'void'

/** One call, from its beginning to its end. */
export interface Call {
  readonly startedMs: number
  /** Whether it is among those that are counted: once it has ended, or as soon as it is overdue. */
  counted: boolean
  failed: boolean
  slow: boolean
}

export interface CountingLimits {
  /** The last calls that are looked at, and how many of them have to be known. */
  readonly windowCalls: number
  readonly minimumCalls: number
  readonly failurePercent: number
  /** Slow calls are counted where both are given. */
  readonly slowMs?: number
  readonly slowPercent?: number
  /** How long a call may take where nothing is slow: one that is in flight for longer has failed. */
  readonly timeoutMs?: number
}

/**
 * Counts calls as Resilience4j does: the last `windowCalls` of them, whenever they were; failures and slow
 * calls apart, a slow failure as both. A call that is in flight past its limit counts at once, as slow, or as
 * failed where there is no limit for slow ones. It is counted once: how it ends is added to that. Pure: all
 * times are ms of one monotonic clock.
 */
export function createCallCounts(limits: CountingLimits) {
  const { windowCalls, minimumCalls, failurePercent, slowMs, slowPercent = 100, timeoutMs } = limits
  const overdueAfterMs = slowMs ?? timeoutMs ?? Number.POSITIVE_INFINITY
  /** A ring: `next` is the place of the oldest once it is full. */
  const last: Call[] = []
  let next = 0
  let failures = 0
  let slowOnes = 0
  /** In the order in which they began, which is that in which they become overdue. */
  const inFlight = new Set<Call>()

  function count(call: Call): void {
    const oldest = last[next]
    if (oldest) {
      oldest.counted = false
      failures -= Number(oldest.failed)
      slowOnes -= Number(oldest.slow)
    }
    last[next] = call
    next = (next + 1) % windowCalls
    call.counted = true
    failures += Number(call.failed)
    slowOnes += Number(call.slow)
  }

  const isOverdue = (call: Call, nowMs: number) => nowMs - call.startedMs > overdueAfterMs
  function markOverdue(call: Call): void {
    if (slowMs === undefined) call.failed = true
    else call.slow = true
  }

  /** What has become too late since it was last asked, up to the call that is too many. */
  function countOverdue(nowMs: number): void {
    for (const call of inFlight) {
      if (!isOverdue(call, nowMs) || judge() === 'unhealthy') return
      inFlight.delete(call)
      markOverdue(call)
      count(call)
    }
  }

  function judge(): Verdict {
    if (last.length < minimumCalls) return 'undecided'
    const reaches = (calls: number, percent: number) => calls * 100 >= percent * last.length
    if (reaches(failures, failurePercent)) return 'unhealthy'
    return slowMs !== undefined && reaches(slowOnes, slowPercent) ? 'unhealthy' : 'healthy'
  }

  return {
    begin(nowMs: number): Call {
      const call = { startedMs: nowMs, counted: false, failed: false, slow: false }
      if (overdueAfterMs !== Number.POSITIVE_INFINITY) inFlight.add(call)
      return call
    },
    end(call: Call, nowMs: number, outcome: Outcome): void {
      countOverdue(nowMs)
      const waited = inFlight.delete(call) || overdueAfterMs === Number.POSITIVE_INFINITY
      const failed = outcome === 'failed'
      if (waited && outcome !== 'void') {
        if (isOverdue(call, nowMs)) markOverdue(call)
        call.failed ||= failed
        count(call)
      } else if (failed && call.counted && !call.failed) {
        call.failed = true
        failures++
      }
    },
    verdict(nowMs: number): Verdict {
      countOverdue(nowMs)
      return judge()
    },
    /** When the next call becomes overdue that is in flight now; null where none can. */
    overdueAtMs(): number | null {
      const [oldest] = inFlight
      return oldest ? oldest.startedMs + overdueAfterMs : null
    },
    /** For logs. */
    figures: () => ({ calls: last.length, failed: failures, slow: slowOnes }),
  }
}
export type CallCounts = ReturnType<typeof createCallCounts>
