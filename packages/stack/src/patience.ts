import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCpuMs } from './cpu-time.ts'

export interface PatienceOptions {
  /** The name of what is starting, for people. */
  name: string
  /** The process that is starting; undefined while there is none. */
  pid(): Promise<number | null> | number | null | undefined
  /** Its log. */
  logFile: string
  /** What it reports meanwhile. */
  answer?: (() => string | null) | undefined
  /** Called every five seconds with what is awaited. */
  log?: ((line: string) => void) | undefined
  /** How long it may do nothing. */
  stuckMsMax?: number | undefined
}

export interface Patience {
  /** Aborts when the process has done nothing for too long. */
  readonly signal: AbortSignal
  readonly stuckSeconds: number
  /** It is ready, or has ended. */
  end(): void
}

/** A machine that swaps or is overloaded may pause it for minutes. */
const STUCK_MS_MAX = 600_000
const SAY_AFTER_MS = 5_000
/**
 * An idle process (timers, our own requests) uses less CPU than this; one that starts on a busy machine more.
 */
const IDLE_SHARE = 0.005

/**
 * Waits for a starting process as long as it makes progress, however slow the machine: it uses the CPU, or
 * its log grows. Gives up through `signal`, and logs every few seconds that it waits.
 */
export function createPatience({
  name,
  pid,
  logFile,
  log,
  answer,
  stuckMsMax = STUCK_MS_MAX,
}: PatienceOptions): Patience {
  const over = new AbortController()
  const stuck = new AbortController()
  const look = async () => {
    const found = await pid()
    const bytes = await stat(logFile).catch(() => null)
    return { cpuMs: (found && (await readCpuMs(found))) ?? 0, bytes: bytes?.size ?? 0 }
  }
  const watch = async () => {
    const startedAt = performance.now()
    let saidAt = startedAt
    let last = { ...(await look()), at: startedAt }
    for (;;) {
      await sleep(Math.min(1_000, stuckMsMax / 4), undefined, { signal: over.signal, ref: false })
      const now = { ...(await look()), at: performance.now() }
      if (now.bytes !== last.bytes || Math.abs(now.cpuMs - last.cpuMs) > stuckMsMax * IDLE_SHARE) last = now
      if (now.at - last.at > stuckMsMax) return stuck.abort()
      if (now.at - saidAt < SAY_AFTER_MS) continue
      saidAt = now.at
      const times = { waitedMs: now.at - startedAt, idleMs: now.at - last.at, stuckMsMax }
      log?.(describeWait(name, times, answer?.() ?? null))
    }
  }
  watch().catch(() => {}) // it is over
  return { signal: stuck.signal, stuckSeconds: stuckMsMax / 1_000, end: () => over.abort() }
}

/**
 * `waiting for tickets: 12 s, still starting`; with its last response, and after ten idle seconds also when
 * it will be given up.
 */
export function describeWait(
  name: string,
  times: { waitedMs: number; idleMs: number; stuckMsMax: number },
  answer: string | null = null,
): string {
  const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`
  const { waitedMs, idleMs, stuckMsMax } = times
  const state =
    idleMs < 10_000
      ? 'still starting'
      : `it has done nothing for ${seconds(idleMs)}, given up after ${seconds(stuckMsMax)}`
  return `waiting for ${name}: ${seconds(waitedMs)}, ${state}${answer ? `; it answers ${answer}` : ''}`
}
