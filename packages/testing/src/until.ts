import { setTimeout as sleep } from 'node:timers/promises'
import { machineFactor } from './config.ts'
import { measured } from './timings.ts'

const POLL_MS = 10
/** Default patience of a wait on the reference machine. */
const PATIENCE_MS = 30_000
/**
 * The most patience that a single check uses: time in which the machine stalls is not held against the
 * system.
 */
const CHECK_MS_MAX = 250
/** Limit for a system that keeps making progress but never arrives. */
const PATIENCES_MAX = 8

/** Not the clock that a test may have stopped. */
const nowMs = performance.now.bind(performance)

type Found<T> = Exclude<T, false | null>

/**
 * Waits for a fact of the system and returns its value: checks every 10 ms until `fact` neither throws (an
 * `expect` in it) nor returns `false` or `null`. Tests wait in no other way. A slow check is followed by a
 * pause of the same length, so that checking does not starve the system.
 * Times out when the state has not changed for `patienceMs` (30 s) times the machine's factor, and reports
 * the fact and the last state. It continues as long as the state changes, such as a growing count.
 */
export function until<T>(
  fact: () => T | Promise<T>,
  options: { patienceMs?: number } = {},
): Promise<Found<T>> {
  const asked = new Error() // its stack is where the test waits
  Error.captureStackTrace?.(asked, until)
  return measured('waiting', () =>
    checkUntilFound(fact, (options.patienceMs ?? PATIENCE_MS) * machineFactor, asked),
  )
}

async function checkUntilFound<T>(
  fact: () => T | Promise<T>,
  patienceMs: number,
  asked: Error,
): Promise<Found<T>> {
  const startedAt = nowMs()
  let [waitedMs, allMs, last] = [0, 0, '']
  for (let checks = 1; ; checks++) {
    const checkedAt = nowMs()
    const outcome = await check(fact, Math.max(POLL_MS, patienceMs - waitedMs))
    if ('found' in outcome) return outcome.found
    const checkMs = nowMs() - checkedAt
    await sleep(Math.max(POLL_MS, checkMs))
    const countedMs = outcome.hung ? checkMs : Math.min(CHECK_MS_MAX, nowMs() - checkedAt)
    allMs += countedMs
    // The system is making progress while the state differs at each check.
    waitedMs = outcome.instead === last ? waitedMs + countedMs : countedMs
    last = outcome.instead
    if (waitedMs >= patienceMs || allMs >= PATIENCES_MAX * patienceMs)
      throw timeoutError(fact, outcome, { checks, ms: nowMs() - startedAt, asked })
  }
}

type Outcome<T> = { found: Found<T> } | { instead: string; error?: unknown; hung?: boolean }

async function check<T>(fact: () => T | Promise<T>, limitMs: number): Promise<Outcome<T>> {
  const tooLong = new AbortController()
  try {
    const limit = sleep(limitMs, 'hung' as const, { signal: tooLong.signal })
    limit.catch(() => {})
    const outcome = await Promise.race([Promise.resolve(fact()).then((value) => ({ value })), limit])
    if (outcome === 'hung') return { instead: 'the check itself has not ended', hung: true }
    const { value } = outcome
    return value === false || value === null ? { instead: `it was ${value}` } : { found: value as Found<T> }
  } catch (error) {
    return { instead: error instanceof Error ? error.message : String(error), error }
  } finally {
    tooLong.abort()
  }
}

function timeoutError(
  fact: () => unknown,
  { instead, error }: { instead: string; error?: unknown },
  { checks, ms, asked }: { checks: number; ms: number; asked: Error },
): Error {
  const factor =
    machineFactor > 1 ? `, on a machine ${machineFactor.toFixed(1)} times as slow as the reference` : ''
  const waited = `after ${(ms / 1_000).toFixed(1)} s and ${checks} checks${factor}`
  const failure = new Error(
    `timed out ${waited}\n  waited for: ${sourceOf(fact)}\n  last state: ${instead}`,
    {
      cause: error,
    },
  )
  const where = asked.stack?.slice(asked.stack.indexOf('\n')) ?? ''
  failure.stack = `${failure.name}: ${failure.message}${where}`
  return failure
}

/** Returns the fact's source code on one line. */
const sourceOf = (fact: () => unknown) =>
  String(fact)
    .replace(/^(async )?\(\) => /, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
