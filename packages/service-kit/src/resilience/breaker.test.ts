import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWatchers } from '../testing.ts'
import { createBreaker } from './breaker.ts'
import { type Callee, policies } from './policies.ts'

const TIMEOUT_MS = 10_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A breaker of a callee; records the calls that it let through. */
function breakerOf(callee: Callee) {
  const watchers = createWatchers()
  const breaker = createBreaker(callee, policies[callee].breaker, watchers, { timeoutMs: TIMEOUT_MS })
  const calls: { answer(): void; fail(): void }[] = []
  const opened = async () => {
    const { values } = (await watchers.metrics.registry.getSingleMetric('circuit_breaker_state')?.get()) ?? {
      values: [],
    }
    return values[0]?.value
  }
  const ask = () =>
    breaker(
      () =>
        new Promise<void>((answer, reject) =>
          calls.push({ answer, fail: () => reject(new Error('broken')) }),
        ),
    ).then(
      () => 'answered',
      (error) => error.reason ?? 'failed',
    )
  const one = (end: 'answer' | 'fail') => {
    const asked = ask()
    calls.at(-1)?.[end]()
    return asked
  }
  const many = async (times: number, end: 'answer' | 'fail') => {
    for (let n = 0; n < times; n++) await one(end)
  }
  return { breaker, calls, ask, one, many, opened }
}

describe('a breaker', () => {
  test('opens for a burst of calls to a callee that hangs as soon as they are overdue', async () => {
    const { breaker, calls, ask, opened } = breakerOf('mail')
    const asked = Array.from({ length: 12 }, ask)
    vi.advanceTimersByTime(TIMEOUT_MS)
    expect(breaker.state()).toBe('UP')
    vi.advanceTimersByTime(5)
    expect(breaker.state()).toBe('DEGRADED')
    expect(await opened()).toBe(1)
    expect(await ask()).toBe('BREAKER_OPEN')
    for (const call of calls) call.fail()
    expect(await Promise.all(asked)).toEqual(Array(12).fill('failed'))
    expect(calls).toHaveLength(12)
  })
  test('keeps one timer for any number of calls in flight, and none without calls', async () => {
    const { calls, ask, many } = breakerOf('gateway')
    await many(50, 'answer')
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
    const asked = Array.from({ length: 7 }, ask)
    expect(vi.getTimerCount()).toBe(1)
    for (const call of calls) call.answer()
    await Promise.all(asked)
    vi.advanceTimersByTime(TIMEOUT_MS)
    expect(vi.getTimerCount()).toBe(0)
  })
  test('half open it lets the trial calls through, no more, and closes when all succeed', async () => {
    const { breaker, calls, ask, many, opened } = breakerOf('tickets')
    await many(10, 'fail')
    expect(await ask()).toBe('BREAKER_OPEN')
    vi.advanceTimersByTime(60_000)
    expect(await opened()).toBe(0.5)
    const trials = Array.from({ length: 5 }, ask)
    expect(await ask()).toBe('BREAKER_OPEN')
    for (const call of calls.slice(10, 14)) call.answer()
    await Promise.all(trials.slice(0, 4))
    expect(breaker.state()).toBe('DEGRADED')
    expect(await ask()).toBe('BREAKER_OPEN')
    calls[14]?.answer()
    await Promise.all(trials)
    expect(breaker.state()).toBe('UP')
    expect(await opened()).toBe(0)
    // A window per state: earlier calls no longer count.
    await many(9, 'fail')
    expect(breaker.state()).toBe('UP')
  })
  test('judges trials by the same rates: one failure of five closes, two open again', async () => {
    const { breaker, ask, many, one } = breakerOf('tickets')
    await many(10, 'fail')
    vi.advanceTimersByTime(60_000)
    await many(2, 'fail')
    await many(3, 'answer')
    expect(breaker.state()).toBe('DEGRADED')
    vi.advanceTimersByTime(59_999)
    expect(await ask()).toBe('BREAKER_OPEN')
    vi.advanceTimersByTime(1)
    await one('fail')
    await many(4, 'answer')
    expect(breaker.state()).toBe('UP')
  })
  test('opens again for trials that hang, without further calls', async () => {
    const { ask, many, opened } = breakerOf('tickets')
    await many(10, 'fail')
    vi.advanceTimersByTime(60_000)
    for (let n = 0; n < 5; n++) void ask()
    vi.advanceTimersByTime(TIMEOUT_MS + 5)
    expect(await opened()).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(await opened()).toBe(0.5)
  })
  test('ignores the outcome of calls that began before it opened', async () => {
    const { breaker, calls, ask, many } = breakerOf('tickets')
    const late = Array.from({ length: 5 }, ask)
    await many(10, 'fail')
    vi.advanceTimersByTime(60_000)
    for (const call of calls.slice(0, 5)) call.answer()
    await Promise.all(late)
    expect(breaker.state()).toBe('DEGRADED')
    expect(await Promise.all([1, 2, 3, 4, 5].map(() => Promise.race([ask(), 'asked'])))).toEqual(
      Array(5).fill('asked'),
    )
  })
})
