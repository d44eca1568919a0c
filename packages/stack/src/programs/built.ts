import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { PROGRAMS, ROOT } from './workspace.ts'

/** One build of all programs, with its inputs. */
export interface Build {
  /** The name of its folder in `PROGRAMS`: a hash of the contents of all inputs. */
  readonly hash: string
  /** The bundled files; paths from the root of the workspace. */
  readonly programs: readonly string[]
  readonly inputs: Readonly<Record<string, Input>>
}

interface Input {
  readonly size: number
  readonly modifiedMs: number
  readonly sha256: string
}

const CURRENT = path.join(PROGRAMS, 'current.json')

/** Its last file exists: see `buildAll`. */
const isComplete = (build: Build): boolean => existsSync(path.join(folderOf(build), 'package.json'))

export const folderOf = (build: Build): string => path.join(PROGRAMS, build.hash)

/** Returns the file in a build folder that Node.js runs in place of `source`. */
export const builtFile = (folder: string, source: string): string =>
  path.join(folder, source.replace(/\.ts$/, '.js'))

/** Returns the last build if none of its inputs has changed; null if a new one is needed. */
export function findCurrent(): Build | null {
  const build = readCurrent()
  if (!build || !isComplete(build)) return null
  const looked = lookAgain(build.inputs)
  if (!looked) return null
  if (looked.touched) writeCurrent({ ...build, inputs: looked.inputs })
  return build
}

/**
 * Returns the current inputs if none has changed, otherwise null. A file of the same size and time counts as
 * unchanged (some milliseconds for all of them); one that was `touched` is read.
 */
export function lookAgain(
  known: Build['inputs'],
  root = ROOT,
): { inputs: Build['inputs']; touched: boolean } | null {
  const inputs: Record<string, Input> = {}
  let touched = false
  for (const [file, before] of Object.entries(known)) {
    const stat = statSync(path.join(root, file), { throwIfNoEntry: false })
    if (!stat) return null
    const same = stat.size === before.size && stat.mtimeMs === before.modifiedMs
    const now = same ? before : readInput(file, root)
    if (now.sha256 !== before.sha256) return null
    inputs[file] = now
    touched ||= !same
  }
  return { inputs, touched }
}

/** Renames the temporary `folder` of a build to its hash, atomically: readers see all of it or nothing. */
export function keepBuild(folder: string, build: Build): void {
  try {
    renameSync(folder, folderOf(build))
  } catch (error) {
    if (!existsSync(folderOf(build))) throw error
    const [wanted, other] = isComplete(build) ? [folderOf(build), folder] : [folder, folderOf(build)]
    // another process was faster, or was killed before it was done
    rmSync(other, { recursive: true, force: true })
    if (wanted === folder) renameSync(folder, folderOf(build))
  }
  writeCurrent(build)
}

/** The inputs besides the bundled files: all packages, how they are resolved, and how they are built. */
export function furtherInputs(): string[] {
  return [
    'pnpm-lock.yaml',
    ...globSync('{packages,services}/*/package.json', { cwd: ROOT }),
    'packages/stack/src/programs/bundle.ts',
  ]
}

/** Describes a build of these files as they are now. */
export function describeBuild(programs: readonly string[], files: readonly string[], root = ROOT): Build {
  const inputs = Object.fromEntries([...new Set(files)].sort().map((file) => [file, readInput(file, root)]))
  const sum = createHash('sha256')
  for (const [file, { sha256 }] of Object.entries(inputs)) sum.update(`${file} ${sha256}\n`)
  return { hash: sum.digest('hex').slice(0, 16), programs, inputs }
}

function readInput(file: string, root: string): Input {
  const absolute = path.join(root, file)
  const { size, mtimeMs } = statSync(absolute)
  return {
    size,
    modifiedMs: mtimeMs,
    sha256: createHash('sha256').update(readFileSync(absolute)).digest('hex'),
  }
}

function readCurrent(): Build | null {
  try {
    return JSON.parse(readFileSync(CURRENT, 'utf8'))
  } catch {
    return null // there is none yet
  }
}

function writeCurrent(build: Build): void {
  mkdirSync(PROGRAMS, { recursive: true })
  const folder = mkdtempSync(path.join(PROGRAMS, 'writing-'))
  writeFileSync(path.join(folder, 'current.json'), JSON.stringify(build))
  renameSync(path.join(folder, 'current.json'), CURRENT)
  rmSync(folder, { recursive: true })
}
