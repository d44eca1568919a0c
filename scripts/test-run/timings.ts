import { activities } from '../../packages/testing/src/timings.ts'
import type { Spending } from './spending.ts'
import { stageOf, stages } from './stages.ts'

/** What one test file took, imports included; `file` from the root of the workspace. */
export interface FileTimes {
  readonly file: string
  readonly ms: number
  readonly importMs: number
}

const seconds = (ms: number | undefined) => (ms === undefined ? '–' : (ms / 1_000).toFixed(1)).padStart(11)

/**
 * The slowest files, and for each what it waited for, in seconds; what runs beside something else is in both
 * columns.
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
 * What each stage took of the seconds that it may take, all its files added up; a slow machine has as much
 * more.
 */
export function budgetTable(times: readonly FileTimes[], factor: number): string {
  const rows = stages.flatMap((stage) => {
    const files = times.filter(({ file }) => stageOf(file) === stage)
    if (files.length === 0) return []
    const took = files.reduce((sum, { ms }) => sum + ms, 0) / 1_000
    const budget = stage.budgetSeconds * factor
    const verdict = took > budget ? '  over its budget' : ''
    return [
      `${took.toFixed(0).padStart(7)}${budget.toFixed(0).padStart(8)}  ${stage.name} (${files.length} files)${verdict}`,
    ]
  })
  return [`  spent  budget  seconds of test files, on a machine × ${factor.toFixed(1)}`, ...rows].join('\n')
}
