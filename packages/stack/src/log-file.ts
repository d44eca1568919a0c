import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

const ROTATE_BYTES = 5_000_000

/**
 * Open a log for appending; one that has grown past 5 MB becomes `<file>.1` first, and the `.1` before it is
 * dropped.
 */
export function openLog(file: string): { descriptor: number; from: number } {
  mkdirSync(path.dirname(file), { recursive: true })
  if (existsSync(file) && statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`)
  const from = existsSync(file) ? statSync(file).size : 0
  return { descriptor: openSync(file, 'a'), from }
}

/** The last lines that were written to `file` after its first `from` bytes. */
export function readLastLines(file: string, from = 0, count = 12): string[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n')
  return lines.filter((line) => line !== '').slice(-count)
}
