/** The health of a callee according to its last calls. `undecided`: too few are known. */
export type Verdict = 'undecided' | 'healthy' | 'unhealthy'
/** `void`: says nothing about the callee, such as a call that its caller aborted. */
export type Outcome = 'answered' | 'failed' | 'void'

export interface Call {
  readonly startedMs: number
  /** Whether it is in the window: once it has ended, or as soon as it is overdue. */
  counted: boolean
  failed: boolean
  slow: boolean
}

export interface CountingLimits {
  /** The size of the window, and how many calls must be in it before a verdict. */
  readonly windowCalls: number
  readonly minimumCalls: number
  readonly failurePercent: number
  /** Slow calls count if both are given. */
  readonly slowMs?: number
  readonly slowPercent?: number
  /** When a call in flight counts as failed, without a limit for slow calls. */
  readonly timeoutMs?: number
}

/**
 * Counts calls as Resilience4j does: the last `windowCalls` of them, at any time; failures and slow calls
 * separately, a slow failure as both. A call in flight counts as soon as it passes its limit, as slow, or as
 * failed without a limit for slow calls. It counts once: its end only adds a failure. Pure: all times are ms
 * of one monotonic clock.
 */
export function createCallCounts(limits: CountingLimits) {
  const { windowCalls, minimumCalls, failurePercent, slowMs, slowPercent = 100, timeoutMs } = limits
  const overdueAfterMs = slowMs ?? timeoutMs ?? Number.POSITIVE_INFINITY
  const window = createWindow(windowCalls)
  /** In the order in which they began, and so become overdue. */
  const inFlight = new Set<Call>()

  const isOverdue = (call: Call, nowMs: number) => nowMs - call.startedMs > overdueAfterMs
  function markOverdue(call: Call): void {
    if (slowMs === undefined) call.failed = true
    else call.slow = true
  }

  /** Counts calls that have become overdue, until the verdict is unhealthy. */
  function countOverdue(nowMs: number): void {
    for (const call of inFlight) {
      if (!isOverdue(call, nowMs) || judge() === 'unhealthy') return
      inFlight.delete(call)
      markOverdue(call)
      window.add(call)
    }
  }

  function judge(): Verdict {
    const { calls, failed, slow } = window.figures()
    if (calls < minimumCalls) return 'undecided'
    const reaches = (some: number, percent: number) => some * 100 >= percent * calls
    if (reaches(failed, failurePercent)) return 'unhealthy'
    return slowMs !== undefined && reaches(slow, slowPercent) ? 'unhealthy' : 'healthy'
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
        window.add(call)
      } else if (failed && call.counted && !call.failed) window.markFailed(call)
    },
    verdict(nowMs: number): Verdict {
      countOverdue(nowMs)
      return judge()
    },
    /** Returns when the next call in flight becomes overdue; null if none can. */
    overdueAtMs(): number | null {
      const [oldest] = inFlight
      return oldest ? oldest.startedMs + overdueAfterMs : null
    },
    /** For logs. */
    figures: window.figures,
  }
}
export type CallCounts = ReturnType<typeof createCallCounts>

/** The last `size` calls in a ring, with sums of failed and slow ones. */
function createWindow(size: number) {
  const ring: Call[] = []
  /** The index of the oldest call once the ring is full. */
  let next = 0
  let failed = 0
  let slow = 0

  return {
    add(call: Call): void {
      const oldest = ring[next]
      if (oldest) {
        oldest.counted = false
        failed -= Number(oldest.failed)
        slow -= Number(oldest.slow)
      }
      ring[next] = call
      next = (next + 1) % size
      call.counted = true
      failed += Number(call.failed)
      slow += Number(call.slow)
    },
    markFailed(call: Call): void {
      call.failed = true
      failed++
    },
    figures: () => ({ calls: ring.length, failed, slow }),
  }
}
