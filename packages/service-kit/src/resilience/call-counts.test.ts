import { describe, expect, test } from 'vitest'
import { createCallCounts, type Outcome } from './call-counts.ts'
import { type Callee, policies } from './policies.ts'

const SECOND_MS = 1_000
const TIMEOUT_MS = 10_000

/** Counts of a callee's policy, on a manual clock. */
function countsOf(callee: Callee) {
  const { breaker } = policies[callee]
  const counts = createCallCounts({ ...breaker, timeoutMs: TIMEOUT_MS })
  let nowMs = 0
  const one = (outcome: Outcome, tookMs = 1) => {
    const call = counts.begin(nowMs)
    nowMs += tookMs
    counts.end(call, nowMs, outcome)
    return counts.verdict(nowMs)
  }
  return {
    counts,
    one,
    many: (times: number, outcome: Outcome, tookMs?: number) => {
      for (let n = 0; n < times; n++) one(outcome, tookMs)
    },
    /** How many more of this outcome it takes to be unhealthy; null if never. */
    until(outcome: Outcome, tookMs?: number): number | null {
      for (let n = 1; n <= 1_000; n++) if (one(outcome, tookMs) === 'unhealthy') return n
      return null
    },
    begin: (atMs: number) => counts.begin(atMs),
  }
}

describe('failures', () => {
  // The reference's figures: a share of the last calls, and the minimum.
  test.each([
    { callee: 'auth', atFirst: 5, afterGood: 5 },
    { callee: 'tickets', atFirst: 10, afterGood: 8 },
    { callee: 'gateway', atFirst: 8, afterGood: 5 },
    { callee: 'mail', atFirst: 5, afterGood: 6 },
    { callee: 'events', atFirst: 5, afterGood: 5 },
    { callee: 'redis', atFirst: 3, afterGood: 3 },
  ] as const)(
    'of $callee: $atFirst at first and $afterGood after a hundred good calls',
    ({ callee, atFirst, afterGood }) => {
      expect(countsOf(callee).until('failed')).toBe(atFirst)
      const busy = countsOf(callee)
      busy.many(100, 'answered')
      expect(busy.until('failed')).toBe(afterGood)
    },
  )
  test('below the rate are tolerated indefinitely', () => {
    const counted = countsOf('tickets')
    for (let round = 0; round < 50; round++) {
      counted.many(7, 'failed')
      counted.many(13, 'answered')
    }
    expect(counted.one('answered')).toBe('healthy')
  })
  test('leave the window with later calls, however long that takes, and in no other way', () => {
    const counted = countsOf('tickets')
    counted.many(10, 'answered')
    counted.many(7, 'failed')
    // Hours without a call change nothing: the eighth failure is still the eighth.
    expect(counted.one('failed', 8 * 3_600_000)).toBe('unhealthy')
  })
})

describe('slow answers that succeed', () => {
  test('of the gateway are too many at 60 %, not at 30 %', () => {
    const counted = countsOf('gateway')
    counted.many(15, 'answered')
    counted.many(8, 'answered', 6 * SECOND_MS)
    expect(counted.counts.figures()).toEqual({ calls: 15, failed: 0, slow: 8 })
    expect(counted.counts.verdict(0)).toBe('healthy')
    expect(counted.one('answered', 6 * SECOND_MS)).toBe('unhealthy')
  })
  test.each(['auth', 'tickets', 'mail'] as const)(
    'of %s, which has no limit for them, do not count',
    (callee) => {
      expect(countsOf(callee).until('answered', TIMEOUT_MS)).toBeNull()
    },
  )
  test('count separately from failures: two in ten of each do not add up', () => {
    const counted = countsOf('events')
    for (let round = 0; round < 10; round++) {
      counted.many(4, 'failed')
      counted.many(2, 'answered')
      counted.many(4, 'answered', 3 * SECOND_MS)
    }
    expect(counted.counts.figures()).toEqual({ calls: 10, failed: 4, slow: 4 })
    expect(counted.one('answered')).toBe('healthy')
  })
})

describe('a call in flight', () => {
  test('counts as slow as soon as it passes the limit, and once: its failure is added', () => {
    const { counts } = countsOf('gateway')
    const calls = Array.from({ length: 12 }, () => counts.begin(0))
    expect(counts.overdueAtMs()).toBe(5 * SECOND_MS)
    expect(counts.verdict(5 * SECOND_MS)).toBe('undecided')
    expect(counts.verdict(5 * SECOND_MS + 1)).toBe('unhealthy')
    expect(counts.figures()).toEqual({ calls: 8, failed: 0, slow: 8 })
    for (const call of calls) counts.end(call, TIMEOUT_MS, 'failed')
    expect(counts.figures()).toEqual({ calls: 12, failed: 12, slow: 12 })
    expect(counts.overdueAtMs()).toBeNull()
  })
  test('has failed when it is past its time-out, where no limit makes it slow', () => {
    const { counts } = countsOf('mail')
    const calls = Array.from({ length: 12 }, () => counts.begin(0))
    expect(counts.verdict(TIMEOUT_MS)).toBe('undecided')
    expect(counts.verdict(TIMEOUT_MS + 1)).toBe('unhealthy')
    for (const call of calls) counts.end(call, TIMEOUT_MS + 2, 'failed')
    expect(counts.figures()).toEqual({ calls: 10, failed: 10, slow: 0 })
  })
  test('that left the window before it ended no longer counts', () => {
    const counted = countsOf('gateway')
    const late = counted.begin(0)
    expect(counted.counts.verdict(6 * SECOND_MS)).toBe('undecided')
    counted.many(15, 'answered')
    counted.counts.end(late, TIMEOUT_MS, 'failed')
    expect(counted.counts.figures()).toEqual({ calls: 15, failed: 0, slow: 0 })
  })
  test('once a second to a callee that hangs: the tenth time-out is the last', () => {
    const { counts } = countsOf('tickets')
    let begun = 0
    let nowMs = 0
    while (counts.verdict(nowMs) !== 'unhealthy') {
      counts.begin(nowMs)
      begun++
      nowMs += SECOND_MS
    }
    expect(counts.figures()).toEqual({ calls: 10, failed: 10, slow: 0 })
    expect(begun).toBe(20) // ten were in flight when it opened
  })
  test('aborted by its caller does not count, unless it was overdue by then', () => {
    const { counts } = countsOf('mail')
    counts.end(counts.begin(0), 5 * SECOND_MS, 'void')
    expect(counts.figures()).toEqual({ calls: 0, failed: 0, slow: 0 })
    counts.end(counts.begin(0), 20 * SECOND_MS, 'void')
    expect(counts.figures()).toEqual({ calls: 1, failed: 1, slow: 0 })
  })
})
