import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Observed } from '../invariants/observed.ts'
import { describeLimits, type Limits } from './measure/limits.ts'
import { goal, invariantsHold, promise, step } from './report.ts'

const RESULTS = path.resolve(import.meta.dirname, '../../../../.boxoffice/bench')

/** How a bench was asked for. */
export interface BenchOptions {
  /** Short rounds, and fewer of them. */
  quick: boolean
  /** Processes of every service. */
  instances: number
}

export interface Bench {
  /** What it shows, in one line. */
  readonly title: string
  /** Whether it is among those that `quick` runs by itself. */
  readonly important?: boolean
  run(context: BenchContext): Promise<void>
}

export type BenchContext = ReturnType<typeof createBenchContext>

/**
 * What a bench is given: how long and often to measure, and where figures go. `broken` counts promises of
 * correctness that were not kept: they fail the run, goals of speed do not.
 */
export function createBenchContext(name: string, options: BenchOptions) {
  const startedAt = new Date()
  const raw: Record<string, unknown[]> = {}
  const outcomes: { what: string; value: string; kept: boolean; wanted: string; kind: 'promise' | 'goal' }[] =
    []
  const record = (what: string, value: unknown): void => {
    const known = raw[what]
    if (known) known.push(value)
    else raw[what] = [value]
  }
  const note = (kind: 'promise' | 'goal') => (what: string, value: string, kept: boolean, wanted: string) => {
    outcomes.push({ what, value, kept, wanted, kind })
    ;(kind === 'promise' ? promise : goal)(what, value, kept, wanted)
  }
  return {
    ...options,
    /** The full figure, or the one of a quick run. */
    sized: <T>(full: T, quick: T): T => (options.quick ? quick : full),
    /** Kept in the file of raw data. */
    record,
    promise: note('promise'),
    goal: note('goal'),
    /** Prints what limited a measurement, and keeps it. */
    limits(what: string, limits: Limits, per?: { what: string; count: number }): void {
      record(`limits: ${what}`, limits)
      for (const text of describeLimits(limits, per)) console.log(`      ${text}`)
    },
    async invariants(observed: Observed, patienceMs?: number): Promise<void> {
      step('checking the invariants')
      const kept = await invariantsHold(observed, patienceMs)
      outcomes.push({ what: 'invariants', value: String(kept), kept, wanted: 'all hold', kind: 'promise' })
    },
    /** Promises that were not kept. */
    broken: (): number => outcomes.filter(({ kind, kept }) => kind === 'promise' && !kept).length,
    /** Writes the raw data; the file. */
    save(): string {
      mkdirSync(RESULTS, { recursive: true })
      const file = path.join(RESULTS, `${name}-${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`)
      writeFileSync(file, `${JSON.stringify({ name, startedAt, ...options, outcomes, raw }, null, 1)}\n`)
      return file
    },
  }
}

/**
 * Measures everything in turns, so that what else the machine does meanwhile falls on all; the results of
 * each, in order.
 */
export async function inTurns<K extends string, T>(
  rounds: number,
  measurements: Readonly<Record<K, (round: number) => Promise<T>>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(measurements) as K[]
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, T[]>
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      step(`round ${round} of ${rounds}: ${name}`)
      results[name].push(await measurements[name](round))
    }
  }
  return results
}
