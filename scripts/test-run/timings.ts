import { activities } from '../../packages/testing/src/timings.ts'
import type { Spending } from './spending.ts'
import { stageOf, stages } from './stages.ts'

/** Duration of a test file, imports included; `file` is a path from the root of the workspace. */
export interface FileTimes {
  readonly file: string
  readonly ms: number
  readonly importMs: number
}

const seconds = (ms: number | undefined) => (ms === undefined ? '–' : (ms / 1_000).toFixed(1)).padStart(11)

/**
 * Returns a table of the slowest files with what they waited for, in seconds; parallel activities count in
 * both columns.
 */
export function timingsTable(
  times: readonly FileTimes[],
  find: (file: string) => Spending | undefined,
  most: number,
): string {
  const columns = ['all', 'imports', ...activities, 'own CPU', 'children']
  const header = `${columns.map((name) => name.padStart(11)).join('')}  slowest files, in seconds`
  const rows = times
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, most)
    .map(({ file, ms, importMs }) => {
      const spent = find(file)
      const figures = [ms, importMs, ...activities.map((name) => spent?.[name]), spent?.cpu, spent?.children]
      return `${figures.map(seconds).join('')}  ${file}`
    })
  return [header, ...rows].join('\n')
}

/**
 * Returns a table of the time of each stage against its budget, in seconds, summed over its files; budgets
 * grow with the slowness of the machine.
 */
export function budgetTable(times: readonly FileTimes[], factor: number): string {
  const rows = stages.flatMap((stage) => {
    const files = times.filter(({ file }) => stageOf(file) === stage)
    if (files.length === 0) return []
    const took = files.reduce((sum, { ms }) => sum + ms, 0) / 1_000
    const budget = stage.budgetSeconds * factor
    const verdict = took > budget ? '  over its budget' : ''
    return [
      `${took.toFixed(0).padStart(7)}${budget.toFixed(0).padStart(8)}  ${stage.name} (${files.length} ` +
        `files)${verdict}`,
    ]
  })
  return [`  spent  budget  seconds of test files, on a machine × ${factor.toFixed(1)}`, ...rows].join('\n')
}
