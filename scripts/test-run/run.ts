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
/** How long what is left of a run may take. */
export interface Limits {
  /** To end by itself: a service that has lost its parent lets its long polls end first. */
  readonly noticeMs: number
  /** To end when it is told to, before it is killed. */
  readonly endMs: number
}
/** What the kernel itself does not let go of is left to it. */
const KILL_MS_MAX = 10_000
const BEGINNING_MS_MAX = 60_000
const LIMITS: Limits = { noticeMs: 5_000, endMs: 5_000 }

/** Everything that a test run makes is in its folder, and everything that it starts bears its mark. */
export interface TestRun {
  readonly folder: string
  /** For the processes of the run: its mark, and the place for temporary files. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * Ends what still runs and removes the folder; what ran on although nobody waited for it any more. A
   * machine that is `factor` times as slow has as much longer to end.
   */
  end(factor?: number): Promise<Process[]>
}

const ownerOf = (folder: string) => path.join(folder, 'owner.pid')

/**
 * Begins a test run, after cleaning up behind runs that were killed. A watcher in a process of its own does
 * the same for this one as soon as we are gone, however that happens: after a SIGKILL nothing is left either.
 */
export async function beginRun(limits: Limits = LIMITS): Promise<TestRun> {
  await removeLeftovers(limits)
  const folder = mkdtempSync(path.join(tmpdir(), PREFIX))
  writePidFile(ownerOf(folder), process.pid)
  const temporary = path.join(folder, 'tmp')
  mkdirSync(temporary)
  // The pipe closes when we die. A session of its own: Ctrl-C is not for the watcher.
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
 * SIGINT, which PostgreSQL too understands as: now. What does not heed it, or is stopped, is killed. Those
 * that had to be told.
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
      // it ended in between
    }
  }
}

/** Its owner last: what is cut off is found again. Somebody who is just dying may write once more. */
async function removeFolder(folder: string): Promise<void> {
  const content = existsSync(folder)
    ? readdirSync(folder).filter((name) => name !== path.basename(ownerOf(folder)))
    : []
  const removal = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }
  for (const name of content) await rm(path.join(folder, name), removal)
  await rm(folder, removal)
}

/** It may have no owner yet. */
const isYoung = (folder: string) =>
  !existsSync(ownerOf(folder)) && Date.now() - statSync(folder).mtimeMs < BEGINNING_MS_MAX

/** What runs left behind whose watcher was killed too. */
async function removeLeftovers(limits: Limits): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))
  for (const folder of folders.map((name) => path.join(tmpdir(), name))) {
    if (findRunning(ownerOf(folder)) || isYoung(folder)) continue // in use, or just beginning
    await cleanUp(folder, limits).catch(() => {}) // another user's
  }
}
