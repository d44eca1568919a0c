import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRunning, writePidFile } from '../../packages/stack/src/pid-file.ts'
import { findProcessesOf, type Process, RUN_VARIABLE } from './processes.ts'

const WATCHER = path.join(import.meta.dirname, 'watcher.ts')
const PREFIX = 'boxoffice-test-'
/** Time limits for the leftover processes of a run. */
export interface Limits {
  /** To end by themselves: a service that has lost its parent finishes its long polls first. */
  readonly noticeMs: number
  /** To end after a signal, before they are killed. */
  readonly endMs: number
}
/** How long to wait for killed processes to disappear. */
const KILL_MS_MAX = 10_000
const BEGINNING_MS_MAX = 60_000
const LIMITS: Limits = { noticeMs: 5_000, endMs: 5_000 }

/** A test run: all its files are in its folder, and all its processes carry its mark. */
export interface TestRun {
  readonly folder: string
  /** Environment for the processes of the run: its mark, and the folder for temporary files. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * Ends the remaining processes, removes the folder, and returns the processes that had to be ended. Time
   * limits are multiplied by `factor`.
   */
  end(factor?: number): Promise<Process[]>
}

const ownerOf = (folder: string) => path.join(folder, 'owner.pid')

/**
 * Begins a test run, after cleaning up killed runs. A separate watcher process cleans up this run when this
 * process dies, even after a SIGKILL.
 */
export async function beginRun(limits: Limits = LIMITS): Promise<TestRun> {
  await removeLeftovers(limits)
  const folder = mkdtempSync(path.join(tmpdir(), PREFIX))
  writePidFile(ownerOf(folder), process.pid)
  const temporary = path.join(folder, 'tmp')
  mkdirSync(temporary)
  // The pipe closes when this process dies. The watcher has its own session, so that Ctrl-C does not reach
  // it.
  const watcher = spawn(process.execPath, [WATCHER, folder, JSON.stringify(limits)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return {
    folder,
    environment: { [RUN_VARIABLE]: folder, TMPDIR: temporary },
    async end(factor = 1) {
      const left = await endProcesses(folder, {
        noticeMs: limits.noticeMs * factor,
        endMs: limits.endMs * factor,
      })
      await removeFolder(folder)
      watcher.stdin?.destroy()
      return left
    },
  }
}

/** Ends every process of a run and removes its folder. */
export async function cleanUp(folder: string, limits: Limits): Promise<void> {
  await endProcesses(folder, limits)
  await removeFolder(folder)
}

/**
 * Sends SIGINT, which also makes PostgreSQL stop at once, and kills processes that ignore it or are stopped.
 * Returns the processes that were signalled.
 */
async function endProcesses(folder: string, { noticeMs, endMs }: Limits): Promise<Process[]> {
  await untilNone(folder, noticeMs)
  const left = findProcessesOf(folder)
  signal(left, 'SIGINT')
  await untilNone(folder, left.length > 0 ? endMs : 0)
  for (const limit = Date.now() + KILL_MS_MAX; Date.now() < limit; await sleep(20)) {
    const rest = findProcessesOf(folder)
    if (rest.length === 0) break
    signal(rest, 'SIGKILL')
  }
  return left
}

async function untilNone(folder: string, limitMs: number): Promise<void> {
  for (const limit = Date.now() + limitMs; findProcessesOf(folder).length > 0 && Date.now() < limit; )
    await sleep(20)
}

function signal(processes: readonly Process[], name: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, name)
    } catch {
      // it has ended meanwhile
    }
  }
}

/**
 * Removes the owner file last, so that an interrupted removal is found again. Retries, because a dying
 * process may still write.
 */
async function removeFolder(folder: string): Promise<void> {
  const content = existsSync(folder)
    ? readdirSync(folder).filter((name) => name !== path.basename(ownerOf(folder)))
    : []
  const removal = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }
  for (const name of content) await rm(path.join(folder, name), removal)
  await rm(folder, removal)
}

/** A young folder may not have its owner file yet. */
const isYoung = (folder: string) =>
  !existsSync(ownerOf(folder)) && Date.now() - statSync(folder).mtimeMs < BEGINNING_MS_MAX

/** Cleans up runs whose watcher was killed too. */
async function removeLeftovers(limits: Limits): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))
  for (const folder of folders.map((name) => path.join(tmpdir(), name))) {
    if (findRunning(ownerOf(folder)) || isYoung(folder)) continue // in use, or just started
    await cleanUp(folder, limits).catch(() => {}) // belongs to another user
  }
}
