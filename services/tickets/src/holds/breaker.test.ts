import { describe, expect, it } from 'vitest'
import { createBreaker } from './breaker.ts'

describe('the breaker', () => {
  it('does not make calls for two seconds after three failures in a row, then lets one try', async () => {
    let nowMs = 0
    let calls = 0
    let broken = true
    const guarded = createBreaker({ onFailure: () => {}, monotonicMs: () => nowMs })
    const call = async () => {
      calls++
      if (broken) throw new Error('away')
      return 'answer'
    }
    for (let times = 0; times < 5; times++) expect(await guarded(call)).toBeNull()
    expect(calls).toBe(3)
    expect(guarded.state()).toBe('DEGRADED')
    nowMs = 2_000
    expect(await Promise.all([guarded(call), guarded(call)])).toEqual([null, null])
    expect(calls).toBe(4)
    nowMs = 4_000
    broken = false
    expect(await guarded(call)).toBe('answer')
    expect(guarded.state()).toBe('UP')
    expect(await guarded(call)).toBe('answer')
  })
})
