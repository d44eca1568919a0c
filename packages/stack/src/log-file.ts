import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

const ROTATE_BYTES = 5_000_000

/** Opens a log for appending; one larger than 5 MB becomes `<file>.1` first, replacing the previous `.1`. */
export function openLog(file: string): { descriptor: number; from: number } {
  mkdirSync(path.dirname(file), { recursive: true })
  if (existsSync(file) && statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`)
  const from = existsSync(file) ? statSync(file).size : 0
  return { descriptor: openSync(file, 'a'), from }
}

/** Returns the last lines of `file` after its first `from` bytes. */
export function readLastLines(file: string, from = 0, count = 12): string[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n')
  return lines.filter((line) => line !== '').slice(-count)
}
