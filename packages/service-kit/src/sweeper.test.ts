import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Logger } from './logging.ts'
import { createSweeper } from './sweeper.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const SWEEP_MS = 10
const logger = { warn: () => {} } as unknown as Logger

/** A sweeper each of whose sweeps takes `SWEEP_MS`; when they began. */
function sweeping(more: number, share?: number) {
  const beganMs: number[] = []
  const startedMs = performance.now()
  const sweep = async () => {
    beganMs.push(performance.now() - startedMs)
    await new Promise((resolve) => setTimeout(resolve, SWEEP_MS))
    return { more: beganMs.length <= more }
  }
  const sweeper = createSweeper({ name: 'test', intervalMs: 100_000, sweep, logger, ...(share && { share }) })
  sweeper.start()
  return { sweeper, beganMs }
}

it('sweeps again at once while there is more', async () => {
  const { sweeper, beganMs } = sweeping(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(beganMs).toEqual([0, 10, 20].map((ms) => expect.closeTo(ms, -1)))
  await sweeper.stop()
})

it('rests while there is more, so that it has its share of the time', async () => {
  const { sweeper, beganMs } = sweeping(2, 0.1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(beganMs).toEqual([0, 100, 200].map((ms) => expect.closeTo(ms, -1)))
  await sweeper.stop()
})

it('does not rest when it is nudged', async () => {
  const { sweeper, beganMs } = sweeping(1, 0.1)
  await vi.advanceTimersByTimeAsync(SWEEP_MS + 5)
  sweeper.nudge()
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  expect(beganMs).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  await sweeper.stop()
})
