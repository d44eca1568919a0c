import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'

/** Creates a private folder, or makes it private: it holds mails, logs and keys. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
}

/**
 * Returns the JSON of `file` completed by `complete`, which gets the current content (null without a file).
 * If that added anything it is written atomically, as a private file.
 */
export function loadCompleted<Partly, Whole>(
  file: string,
  schema: z.ZodType<Partly>,
  complete: (there: Partly | null) => Whole,
): Whole {
  const there = existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null
  const whole = complete(there)
  if (isDeepStrictEqual(there, whole)) return whole
  mkdirSync(path.dirname(file), { recursive: true })
  rmSync(`${file}.new`, { force: true }) // of a killed process, with whatever permissions it had
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return whole
}
