import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { findRunning, removePidFile, writePidFile } from '../pid-file.ts'
import {
  type Build,
  builtFile,
  describeBuild,
  findCurrent,
  folderOf,
  furtherInputs,
  keepBuild,
} from './built.ts'
import { COMPILED, isProgram, PRELOAD, PROGRAMS, ROOT } from './workspace.ts'

/** Called for a build: it takes seconds, and is needed only after a change. */
type Log = (line: string) => void

/** The files for Node.js: `preload` first, if any, then `file`; absolute paths. */
export interface Runnable {
  readonly file: string
  readonly preload?: string
}

const BUILDING = path.join(PROGRAMS, 'building.pid')
const LOOK_AGAIN_MS = 1_000
const usersOf = (folder: string) => path.join(folder, 'used-by')

/**
 * Returns the built form of a program, given its source (`services/auth/src/main.ts`, absolute or from the
 * working directory): it starts in a third of the time. All programs are built together, once for each state
 * of their sources. Returns the source itself if it is no program of the workspace, or if the build fails:
 * then Node.js reports the error.
 */
export async function prepareProgram(source: string, log: Log = () => {}): Promise<Runnable> {
  const { file, name } = nameOf(source)
  if (!isProgram(name)) return { file }
  const has = (build: Build | null) => build?.programs.includes(name) === true
  let build = findRecent()
  // another process builds the same
  for (; !has(build) && findRunning(BUILDING); build = findCurrent()) await sleep(50)
  if (!has(build)) {
    building ??= buildAll(log).finally(() => {
      building = null
    })
    build = await building
    if (build) removeUnused(build)
  }
  recent = build && { build, foundAt: Date.now() }
  return build && has(build) ? take(build, name) : { file }
}

/** Like `prepareProgram`, but builds nothing: returns the source if there is no current build. */
export function findProgram(source: string): Runnable {
  const { file, name } = nameOf(source)
  const build = isProgram(name) ? findRecent() : null
  return build?.programs.includes(name) ? take(build, name) : { file }
}

/**
 * Returns `findProgram` as arguments for a Node.js to spawn, for tests: a single process is not worth a
 * build.
 */
export function programArguments(source: string): string[] {
  const { file, preload } = findProgram(source)
  return preload ? ['--import', pathToFileURL(preload).href, file] : [file]
}

function nameOf(source: string): { file: string; name: string } {
  const file = path.resolve(source)
  return { file, name: path.relative(ROOT, file).replaceAll(path.sep, '/') }
}

function take(build: Build, name: string): Runnable {
  const folder = folderOf(build)
  markUsed(folder)
  return { file: builtFile(folder, name), preload: builtFile(folder, PRELOAD) }
}

/** Later callers wait for the same build. */
let building: Promise<Build | null> | null = null

let recent: { build: Build; foundAt: number } | null = null

/** A whole system starts a dozen programs at once: their sources are checked once. */
const findRecent = (): Build | null =>
  recent && Date.now() - recent.foundAt < LOOK_AGAIN_MS ? recent.build : findCurrent()

async function buildAll(log: Log, attempts = 3): Promise<Build | null> {
  const startedAt = Date.now()
  mkdirSync(PROGRAMS, { recursive: true })
  writePidFile(BUILDING, process.pid)
  const folder = mkdtempSync(path.join(PROGRAMS, 'building-'))
  markUsed(folder)
  try {
    const { bundlePrograms } = await import('./bundle.ts') // loads esbuild
    const { programs, inputs } = await bundlePrograms(folder)
    // otherwise Node.js would read each file to find out
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n')
    const build = describeBuild(programs, [...inputs, ...furtherInputs()])
    if (wasSavedSince(startedAt, build)) {
      if (attempts === 1) throw new Error('sources are being saved all the time')
      rmSync(folder, { recursive: true, force: true })
      return await buildAll(log, attempts - 1)
    }
    keepBuild(folder, build)
    log(`bundling the programs ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`)
    return build
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    log(
      'the programs could not be bundled, they run from source: ' +
        `${error instanceof Error ? error.message : error}`,
    )
    return null
  } finally {
    removePidFile(BUILDING)
  }
}

/** Whether a file may have been read before it was saved, and described after. */
const wasSavedSince = (startedAt: number, { inputs }: Build) =>
  Object.values(inputs).some(({ modifiedMs }) => modifiedMs >= startedAt)

const used = new Set<string>()

/**
 * A build is kept while a process that uses it runs: it reads parts of it late, and restarts its children.
 */
function markUsed(folder: string): void {
  if (used.has(folder)) return
  if (used.size === 0) process.on('exit', () => used.forEach((each) => void removePidFile(markOf(each))))
  used.add(folder)
  writePidFile(markOf(folder), process.pid)
}
const markOf = (folder: string) => path.join(usersOf(folder), `${process.pid}.pid`)

/**
 * Removes older builds, and what a killed one left. What cannot be removed now, because it is being written
 * to, is removed the next time.
 */
function removeUnused({ hash }: Build): void {
  for (const entry of readdirSync(PROGRAMS, { withFileTypes: true })) {
    const folder = path.join(PROGRAMS, entry.name)
    if (!entry.isDirectory() || entry.name === hash || entry.name.startsWith('writing-')) continue
    const users = existsSync(usersOf(folder)) ? readdirSync(usersOf(folder)) : []
    if (!users.some((user) => findRunning(path.join(usersOf(folder), user)))) remove(folder)
  }
  remove(COMPILED)
}

/** Renamed first: a concurrent reader finds all of a build or nothing. */
function remove(folder: string): void {
  const going = path.join(PROGRAMS, `removing-${randomUUID()}`)
  try {
    renameSync(folder, going)
    rmSync(going, { recursive: true, force: true })
  } catch {
    // it is gone already, or in use
  }
}
