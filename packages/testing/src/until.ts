import { setTimeout as sleep } from 'node:timers/promises'
import { machineFactor } from './config.ts'
import { measured } from './timings.ts'

const POLL_MS = 10
/** What a wait may take on the reference machine, when nothing says otherwise. */
const PATIENCE_MS = 30_000
/** A look counts for no more: what a machine that stands still takes is not held against the system. */
const LOOK_MS_MAX = 250
/** A system that gets on all the time and never arrives is given up too. */
const PATIENCES_MAX = 8

/** Not the clock that a test may have stopped. */
const nowMs = performance.now.bind(performance)

type Found<T> = Exclude<T, false | null>

/**
 * Waits for a fact of the system, and answers what `fact` gave: it looks every 10 ms until `fact` neither
 * throws (an `expect` in it) nor gives `false` or `null`. The only way in which a test waits. A look that
 * takes longer is followed by a pause as long, so that looking does not starve what is waited for.
 *
 * Gives up when the same was there for `patienceMs` (30 s) times the factor of this machine, and then says
 * what it waited for and what was there instead. As long as that changes, such as a count that grows, it goes
 * on.
 */
export function until<T>(
  fact: () => T | Promise<T>,
  options: { patienceMs?: number } = {},
): Promise<Found<T>> {
  const asked = new Error() // its stack is where the test waits
  Error.captureStackTrace?.(asked, until)
  return measured('waiting', () =>
    lookUntilFound(fact, (options.patienceMs ?? PATIENCE_MS) * machineFactor, asked),
  )
}

async function lookUntilFound<T>(
  fact: () => T | Promise<T>,
  patienceMs: number,
  asked: Error,
): Promise<Found<T>> {
  const startedAt = nowMs()
  let [waitedMs, allMs, last] = [0, 0, '']
  for (let looks = 1; ; looks++) {
    const lookedAt = nowMs()
    const seen = await look(fact, Math.max(POLL_MS, patienceMs - waitedMs))
    if ('found' in seen) return seen.found
    const lookMs = nowMs() - lookedAt
    await sleep(Math.max(POLL_MS, lookMs))
    const countedMs = seen.hung ? lookMs : Math.min(LOOK_MS_MAX, nowMs() - lookedAt)
    allMs += countedMs
    // While something else is there at each look the system gets on.
    waitedMs = seen.instead === last ? waitedMs + countedMs : countedMs
    last = seen.instead
    if (waitedMs >= patienceMs || allMs >= PATIENCES_MAX * patienceMs)
      throw givingUp(fact, seen, { looks, ms: nowMs() - startedAt, asked })
  }
}

type Seen<T> = { found: Found<T> } | { instead: string; error?: unknown; hung?: boolean }

async function look<T>(fact: () => T | Promise<T>, limitMs: number): Promise<Seen<T>> {
  const tooLong = new AbortController()
  try {
    const limit = sleep(limitMs, 'hung' as const, { signal: tooLong.signal })
    limit.catch(() => {})
    const seen = await Promise.race([Promise.resolve(fact()).then((value) => ({ value })), limit])
    if (seen === 'hung') return { instead: 'the look itself has not ended', hung: true }
    const { value } = seen
    return value === false || value === null ? { instead: `it was ${value}` } : { found: value as Found<T> }
  } catch (error) {
    return { instead: error instanceof Error ? error.message : String(error), error }
  } finally {
    tooLong.abort()
  }
}

function givingUp(
  fact: () => unknown,
  { instead, error }: { instead: string; error?: unknown },
  { looks, ms, asked }: { looks: number; ms: number; asked: Error },
): Error {
  const factor =
    machineFactor > 1 ? `, on a machine ${machineFactor.toFixed(1)} times as slow as the reference` : ''
  const waited = `after ${(ms / 1_000).toFixed(1)} s and ${looks} looks${factor}`
  const failure = new Error(`gave up ${waited}\n  waited for: ${sourceOf(fact)}\n  there was:  ${instead}`, {
    cause: error,
  })
  const where = asked.stack?.slice(asked.stack.indexOf('\n')) ?? ''
  failure.stack = `${failure.name}: ${failure.message}${where}`
  return failure
}

/** The fact as it is written in the test, on one line. */
const sourceOf = (fact: () => unknown) =>
  String(fact)
    .replace(/^(async )?\(\) => /, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
