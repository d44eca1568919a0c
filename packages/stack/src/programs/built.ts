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

/** One build of all programs, and what it was made of. */
export interface Build {
  /** The name of its folder in `PROGRAMS`: of the contents of all inputs. */
  readonly hash: string
  /** What was bundled; paths from the root of the workspace. */
  readonly programs: readonly string[]
  readonly inputs: Readonly<Record<string, Input>>
}

interface Input {
  readonly size: number
  readonly modifiedMs: number
  readonly sha256: string
}

const CURRENT = path.join(PROGRAMS, 'current.json')

/** Its last file is there: see `buildAll`. */
const isComplete = (build: Build): boolean => existsSync(path.join(folderOf(build), 'package.json'))

export const folderOf = (build: Build): string => path.join(PROGRAMS, build.hash)

/** The file of a folder that Node.js runs in place of `source`. */
export const builtFile = (folder: string, source: string): string =>
  path.join(folder, source.replace(/\.ts$/, '.js'))

/** The last build if nothing that it was made of has changed; null when it has to be made. */
export function findCurrent(): Build | null {
  const build = readCurrent()
  if (!build || !isComplete(build)) return null
  const looked = lookAgain(build.inputs)
  if (!looked) return null
  if (looked.touched) writeCurrent({ ...build, inputs: looked.inputs })
  return build
}

/**
 * The inputs as they are now, if none has changed: null otherwise. A file of the same size and time is taken
 * as unchanged (some milliseconds for all of them); one that was `touched` is read.
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

/**
 * Remember what was built into `folder`, a temporary one, under its hash, in one step: whoever looks sees all
 * of it or nothing.
 */
export function keepBuild(folder: string, build: Build): void {
  try {
    renameSync(folder, folderOf(build))
  } catch (error) {
    if (!existsSync(folderOf(build))) throw error
    const [wanted, other] = isComplete(build) ? [folderOf(build), folder] : [folder, folderOf(build)]
    rmSync(other, { recursive: true, force: true }) // another process was faster, or was killed before it was done
    if (wanted === folder) renameSync(folder, folderOf(build))
  }
  writeCurrent(build)
}

/** What a build is made of besides what is bundled: all packages, how they are found, and how it is built. */
export function furtherInputs(): string[] {
  return [
    'pnpm-lock.yaml',
    ...globSync('{packages,services}/*/package.json', { cwd: ROOT }),
    'packages/stack/src/programs/bundle.ts',
  ]
}

/** A build of these files as they are now. */
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
