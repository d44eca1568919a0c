import { percent } from '../report.ts'
import { type CpuTimes, cpuBetween, readCpuTimes } from './processes.ts'
import { type SessionWaits, sampleSessions } from './session-waits.ts'

/** Observations of every process during a measurement, from which its bottleneck can be read. */
export interface Limits {
  seconds: number
  /** Milliseconds of CPU by process. */
  cpu: CpuTimes
  sessions: SessionWaits | null
  /** The p99 event loop delay of each service, in milliseconds by process. */
  loopsMs: Readonly<Record<string, number>>
}

/** The processes and stores to observe. */
export interface Observable {
  pids: Readonly<Record<string, number>>
  databaseUrl?: string
  /** Base URLs of services with metrics, by process. */
  metrics?: Readonly<Record<string, string>>
}

/** Runs the work and observes the system meanwhile. */
export async function observe<T>(
  what: Observable,
  work: () => Promise<T>,
): Promise<{ result: T; limits: Limits }> {
  const before = await readCpuTimes(what.pids)
  const sessions = what.databaseUrl ? await sampleSessions(what.databaseUrl) : null
  const startedMs = performance.now()
  const result = await work().finally(() => sessions?.stop())
  const seconds = (performance.now() - startedMs) / 1_000
  const cpu = cpuBetween(before, await readCpuTimes(what.pids))
  return {
    result,
    limits: { seconds, cpu, sessions: (await sessions?.stop()) ?? null, loopsMs: await readLoops(what) },
  }
}

async function readLoops({ metrics = {} }: Observable): Promise<Record<string, number>> {
  const read = async ([name, url]: [string, string]) => {
    const text = await fetch(`${url}/actuator/prometheus`).then(
      (response) => response.text(),
      () => '',
    )
    return [
      name,
      Number(/^nodejs_eventloop_lag_p99_seconds\S* (\S+)/m.exec(text)?.[1] ?? Number.NaN) * 1_000,
    ] as const
  }
  return Object.fromEntries(
    (await Promise.all(Object.entries(metrics).map(read))).filter(([, ms]) => Number.isFinite(ms)),
  )
}

/**
 * Describes the CPU use, session waits and event loop delays in lines of text. `per` divides CPU by a count.
 */
export function describeLimits(
  { seconds, cpu, sessions, loopsMs }: Limits,
  per?: { what: string; count: number },
): string[] {
  const busy = Object.entries(cpu)
    .filter(([, ms]) => ms > 0.015 * seconds * 1_000)
    .sort(([, a], [, b]) => b - a)
  const total = Object.values(cpu).reduce((sum, ms) => sum + ms, 0)
  const lines = [
    `CPU of one core: ${busy.map(([name, ms]) => `${name} ${percent(ms / 1_000 / seconds, 0)}`).join(', ')}`,
  ]
  if (per && per.count > 0) {
    const each = (ms: number) => `${(ms / per.count).toFixed(2)}`
    lines.push(
      `ms of CPU per ${per.what}: ${each(total)}, of which ` +
        `${busy.map(([name, ms]) => `${name} ${each(ms)}`).join(', ')}`,
    )
  }
  if (sessions && sessions.samples > 0) {
    const waits = sessions.waits.map(({ wait, share }) => `${wait} ${percent(share, 0)}`).join(', ')
    lines.push(
      `PostgreSQL: ${sessions.busy.toFixed(1)} sessions busy on average${waits && `, waiting on ${waits}`}`,
    )
    const [first] = sessions.statements
    if (first) lines.push(`PostgreSQL, most often (${percent(first.share, 0)}): ${first.statement}`)
  }
  const late = Object.entries(loopsMs)
    .filter(([, ms]) => ms > 25)
    .sort(([, a], [, b]) => b - a)
  if (late.length > 0) {
    lines.push(`event loop delay, p99: ${late.map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(', ')}`)
  }
  return lines
}
