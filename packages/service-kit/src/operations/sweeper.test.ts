import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Logger } from './logging.ts'
import { createSweeper } from './sweeper.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const SWEEP_MS = 10
const logger = { warn: () => {} } as unknown as Logger

/**
 * A sweeper whose sweeps end when the test says so, `SWEEP_MS` later on its clock; records when they began.
 */
async function sweeping(share?: number) {
  const beganMs: number[] = []
  const ending: ((result: { more: boolean }) => void)[] = []
  const startedMs = performance.now()
  const sweep = () => {
    beganMs.push(Math.round(performance.now() - startedMs))
    return new Promise<{ more: boolean }>((resolve) => void ending.push(resolve))
  }
  const sweeper = createSweeper({ name: 'test', intervalMs: 100_000, sweep, logger, ...(share && { share }) })
  sweeper.start()
  await vi.advanceTimersByTimeAsync(0)
  const end = async (more: boolean) => {
    await vi.advanceTimersByTimeAsync(SWEEP_MS)
    ending.shift()?.({ more })
    await vi.advanceTimersByTimeAsync(0)
  }
  return { sweeper, beganMs, end }
}

test('sweeps again at once while there is more', async () => {
  const { sweeper, beganMs, end } = await sweeping()
  await end(true)
  await end(true)
  expect(beganMs).toEqual([0, 10, 20])
  await end(false)
  await sweeper.stop()
})

test('pauses while there is more, so that it uses only its share of the time', async () => {
  const { sweeper, beganMs, end } = await sweeping(0.1)
  await end(true)
  await vi.advanceTimersByTimeAsync(9 * SWEEP_MS - 2)
  expect(beganMs).toEqual([0])
  await vi.advanceTimersByTimeAsync(4)
  expect(beganMs).toEqual([0, 10 * SWEEP_MS])
  await end(false)
  await sweeper.stop()
})

test('does not pause when it is nudged', async () => {
  const { sweeper, beganMs, end } = await sweeping(0.1)
  await end(true)
  sweeper.nudge()
  await vi.advanceTimersByTimeAsync(0)
  expect(beganMs).toEqual([0, 10])
  await end(false)
  await sweeper.stop()
})
