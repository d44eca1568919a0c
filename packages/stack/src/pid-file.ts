import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Remember a process that we started in `file`, so that the next start can stop it if we are killed before we
 * do.
 */
export function writePidFile(file: string, pid: number): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ pid, startedAt: startOf(pid) }))
}

/** Say in our own `file` that we are ending, so that the next start waits for us. */
export function markStopping(file: string): void {
  const written = readPidFile(file)
  if (written?.pid === process.pid) writeFileSync(file, JSON.stringify({ ...written, stopping: true }))
}

/** Whether the process of `file` runs and has said that it is ending. */
export const isStopping = (file: string): boolean =>
  readPidFile(file)?.stopping === true && findRunning(file) !== null

export function removePidFile(file: string): void {
  rmSync(file, { force: true })
}

/**
 * The id of the process of `file` if it still runs: the very one that was written down, not a later one of
 * that id.
 */
export function findRunning(file: string): number | null {
  const written = readPidFile(file)
  return written?.startedAt && startOf(written.pid) === written.startedAt ? written.pid : null
}

/**
 * Stop the process of `file` if it still runs, and forget it: SIGTERM, and SIGKILL after `graceMs`. Answers
 * whether one ran. Process ids are used again: one that began at another time than was written down is
 * somebody else's and left alone.
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
 * When the process began, in whatever form the system tells it; null when there is none, or only its remains.
 */
function startOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-p', String(pid), '-o', 'lstart='], { encoding: 'utf8' }).trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // a program's name may hold spaces and brackets
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
    // it ended on its own in between
  }
}
