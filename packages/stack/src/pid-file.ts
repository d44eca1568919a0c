import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Records a process that we started in `file`, so that the next start can stop it if we are killed first. */
export function writePidFile(file: string, pid: number): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ pid, startedAt: startOf(pid) }))
}

/** Marks in our own `file` that we are ending, so that the next start waits for us. */
export function markStopping(file: string): void {
  const written = readPidFile(file)
  if (written?.pid === process.pid) writeFileSync(file, JSON.stringify({ ...written, stopping: true }))
}

/** Returns whether the process of `file` runs and is marked as ending. */
export const isStopping = (file: string): boolean =>
  readPidFile(file)?.stopping === true && findRunning(file) !== null

export function removePidFile(file: string): void {
  rmSync(file, { force: true })
}

/**
 * Returns the id of the process of `file` if it still runs: that very process, not a later one with the same
 * id.
 */
export function findRunning(file: string): number | null {
  const written = readPidFile(file)
  return written?.startedAt && startOf(written.pid) === written.startedAt ? written.pid : null
}

/**
 * Stops the process of `file` if it still runs, and removes the file: SIGTERM, and SIGKILL after `graceMs`.
 * Returns whether one ran. Process ids are reused: one with another start time than recorded is left alone.
 */
export async function stopByPidFile(file: string, graceMs = 5_000): Promise<boolean> {
  const pid = findRunning(file)
  if (pid) signal(pid, 'SIGTERM')
  for (const deadline = Date.now() + graceMs; pid && findRunning(file); await sleep(20)) {
    if (Date.now() > deadline) signal(pid, 'SIGKILL')
  }
  removePidFile(file)
  return pid !== null
}

function readPidFile(file: string): { pid: number; startedAt: string | null; stopping?: boolean } | null {
  if (!existsSync(file)) return null
  try {
    const content = JSON.parse(readFileSync(file, 'utf8'))
    return Number.isInteger(content.pid) && content.pid > 1 ? content : null
  } catch {
    return null // cut off by the kill itself
  }
}

/**
 * Returns the start time of the process, in the system's own form; null if there is none, or only a zombie.
 */
function startOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-p', String(pid), '-o', 'lstart='], { encoding: 'utf8' }).trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // a program's name may contain spaces and brackets
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return null
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return null
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it ended by itself in between
  }
}
