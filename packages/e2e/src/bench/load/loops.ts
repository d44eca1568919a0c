import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** Result of a loop: durations in milliseconds, and the number of actions. */
export interface Figures {
  count: number
  failed: number
  seconds: number
  perSecond: number
  p50Ms: number
  p99Ms: number
}

/** One action of a simulated user; `index` counts from 0. Rejects if it fails. */
export type Action = (index: number) => Promise<unknown>

function createRecorder() {
  const startedMs = performance.now()
  const histogram = createHistogram()
  let failed = 0
  return {
    /** Runs the action and records its duration since `dueMs`. */
    async record(action: () => Promise<unknown>, dueMs = performance.now()): Promise<void> {
      try {
        await action()
        histogram.record(Math.max(1, Math.round((performance.now() - dueMs) * 1_000)))
      } catch {
        failed++
      }
    },
    figures(): Figures {
      const seconds = (performance.now() - startedMs) / 1_000
      const at = (percentile: number) =>
        histogram.count === 0 ? Number.NaN : histogram.percentile(percentile) / 1_000
      const { count } = histogram
      return { count, failed, seconds, perSecond: count / seconds, p50Ms: at(50), p99Ms: at(99) }
    },
  }
}

/**
 * Runs a closed loop: each worker starts its next action when the previous one ends, until the time
 * is over or the number of actions is reached.
 */
export async function closedLoop(
  workers: number,
  until: { seconds: number } | { actions: number },
  action: Action,
): Promise<Figures> {
  const recorder = createRecorder()
  const endMs = 'seconds' in until ? performance.now() + until.seconds * 1_000 : Number.POSITIVE_INFINITY
  const actions = 'actions' in until ? until.actions : Number.POSITIVE_INFINITY
  let next = 0
  const worker = async () => {
    while (performance.now() < endMs && next < actions) {
      const index = next++
      await recorder.record(() => action(index))
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return recorder.figures()
}

/**
 * Runs an open loop: starts actions at a fixed rate whether or not the earlier ones have completed.
 * Durations count from the scheduled time, so that a service that falls behind shows it.
 */
export async function openLoop(perSecond: number, seconds: number, action: Action): Promise<Figures> {
  const recorder = createRecorder()
  const startedMs = performance.now()
  const running: Promise<void>[] = []
  for (let index = 0; index < perSecond * seconds; index++) {
    const dueMs = startedMs + (index * 1_000) / perSecond
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    running.push(recorder.record(() => action(index), dueMs))
  }
  await Promise.all(running)
  return recorder.figures()
}
