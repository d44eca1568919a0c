import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Activity } from '../../packages/testing/src/timings.ts'

/**
 * Time spent by a test file, in milliseconds, by activity (see `activities`); CPU time of its worker, and of
 * ended child processes.
 */
export type Spending = Readonly<Record<Activity | 'cpu' | 'children', number>>

/** File to which the workers of a run write it, one JSON line per test file. */
export const fileOfSpending = (folder: string) => path.join(folder, 'spending.jsonl')

/** By absolute path of the test file. */
export function readSpending(folder: string | undefined): ReadonlyMap<string, Spending> {
  const file = folder && fileOfSpending(folder)
  if (!file || !existsSync(file)) return new Map()
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => JSON.parse(line)).map(({ file, ...spent }) => [file, spent]))
}
