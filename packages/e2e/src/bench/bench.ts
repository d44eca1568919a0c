import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Observed } from '../invariants/observed.ts'
import { describeLimits, type Limits } from './measure/limits.ts'
import { check, goal, invariantsHold, step } from './report.ts'

const RESULTS = path.resolve(import.meta.dirname, '../../../../.boxoffice/bench')

/** Options of a run. */
export interface BenchOptions {
  /** Shorter and fewer rounds. */
  quick: boolean
  /** Processes of every service. */
  instances: number
}

export interface Bench {
  /** One-line description. */
  readonly title: string
  /** Whether `quick` runs it when no names are given. */
  readonly important?: boolean
  run(context: BenchContext): Promise<void>
}

export type BenchContext = ReturnType<typeof createBenchContext>

/**
 * Creates the context of a bench: sizes, and where results go. `failedChecks` counts failed correctness
 * checks, which fail the run; missed speed goals do not.
 */
export function createBenchContext(name: string, options: BenchOptions) {
  const startedAt = new Date()
  const raw: Record<string, unknown[]> = {}
  const outcomes: { what: string; value: string; kept: boolean; wanted: string; kind: 'check' | 'goal' }[] =
    []
  const record = (what: string, value: unknown): void => {
    const known = raw[what]
    if (known) known.push(value)
    else raw[what] = [value]
  }
  const note = (kind: 'check' | 'goal') => (what: string, value: string, kept: boolean, wanted: string) => {
    outcomes.push({ what, value, kept, wanted, kind })
    ;(kind === 'check' ? check : goal)(what, value, kept, wanted)
  }
  return {
    ...options,
    /** Returns `full`, or `quick` in a quick run. */
    sized: <T>(full: T, quick: T): T => (options.quick ? quick : full),
    /** Adds a value to the raw data file. */
    record,
    check: note('check'),
    goal: note('goal'),
    /** Prints and records what limited a measurement. */
    limits(what: string, limits: Limits, per?: { what: string; count: number }): void {
      record(`limits: ${what}`, limits)
      for (const text of describeLimits(limits, per)) console.log(`      ${text}`)
    },
    async invariants(observed: Observed, patienceMs?: number): Promise<void> {
      step('checking the invariants')
      const kept = await invariantsHold(observed, patienceMs)
      outcomes.push({ what: 'invariants', value: String(kept), kept, wanted: 'all hold', kind: 'check' })
    },
    /** Number of correctness checks that failed. */
    failedChecks: (): number => outcomes.filter(({ kind, kept }) => kind === 'check' && !kept).length,
    /** Writes the raw data; returns the file. */
    save(): string {
      mkdirSync(RESULTS, { recursive: true })
      const file = path.join(RESULTS, `${name}-${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`)
      writeFileSync(file, `${JSON.stringify({ name, startedAt, ...options, outcomes, raw }, null, 1)}\n`)
      return file
    },
  }
}

/**
 * Interleaves the measurements round by round, so that other load on the machine affects all of them
 * equally; returns the results of each in order.
 */
export async function interleave<K extends string, T>(
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
