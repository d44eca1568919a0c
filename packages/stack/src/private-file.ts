import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'

/** Make a folder for nobody else to look into, or make it so: mails, logs and keys are in it. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
}

/**
 * What `file` holds as JSON, completed: `complete` is given what is there (null where there is no file) and
 * answers all that there should be. Where that is more than there was it is written, in one step, for nobody
 * else to read.
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
  rmSync(`${file}.new`, { force: true }) // of a process that was killed, with whatever rights it had
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return whole
}
