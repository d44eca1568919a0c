import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** What came of a load: how long answers took, in milliseconds, and how many acts there were. */
export interface Figures {
  count: number
  failed: number
  seconds: number
  perSecond: number
  p50Ms: number
  p99Ms: number
}

/** One thing that somebody does; `turn` counts from 0. Rejects when it went wrong. */
export type Act = (turn: number) => Promise<unknown>

function createRecorder() {
  const startedMs = performance.now()
  const histogram = createHistogram()
  let failed = 0
  return {
    /** Does it and keeps how long it took since `dueMs`. */
    async record(act: () => Promise<unknown>, dueMs = performance.now()): Promise<void> {
      try {
        await act()
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

/** So many people who each do one thing after the other, until `until` says that it is enough. */
export async function closedLoop(
  people: number,
  until: { seconds: number } | { turns: number },
  act: Act,
): Promise<Figures> {
  const recorder = createRecorder()
  const endMs = 'seconds' in until ? performance.now() + until.seconds * 1_000 : Number.POSITIVE_INFINITY
  const turns = 'turns' in until ? until.turns : Number.POSITIVE_INFINITY
  let next = 0
  const person = async () => {
    while (performance.now() < endMs && next < turns) {
      const turn = next++
      await recorder.record(() => act(turn))
    }
  }
  await Promise.all(Array.from({ length: people }, person))
  return recorder.figures()
}

/**
 * So many a second, whether the earlier ones are done or not, as a crowd comes. An answer's time counts from
 * when it was due, so that a service that falls behind shows it.
 */
export async function openLoop(perSecond: number, seconds: number, act: Act): Promise<Figures> {
  const recorder = createRecorder()
  const startedMs = performance.now()
  const atWork: Promise<void>[] = []
  for (let turn = 0; turn < perSecond * seconds; turn++) {
    const dueMs = startedMs + (turn * 1_000) / perSecond
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    atWork.push(recorder.record(() => act(turn), dueMs))
  }
  await Promise.all(atWork)
  return recorder.figures()
}
