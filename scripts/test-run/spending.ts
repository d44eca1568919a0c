import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Activity } from '../../packages/testing/src/timings.ts'

/**
 * What one test file spent, in milliseconds: see `activities`; CPU of its own worker, and of child processes
 * that have ended.
 */
export type Spending = Readonly<Record<Activity | 'cpu' | 'children', number>>

/** Where the workers of a run write it, a line of JSON each file. */
export const fileOfSpending = (folder: string) => path.join(folder, 'spending.jsonl')

/** By the absolute path of the test file. */
export function readSpending(folder: string | undefined): ReadonlyMap<string, Spending> {
  const file = folder && fileOfSpending(folder)
  if (!file || !existsSync(file)) return new Map()
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => JSON.parse(line)).map(({ file, ...spent }) => [file, spent]))
}
