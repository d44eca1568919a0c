import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { until } from './until.ts'

/**
 * Sends SIGSTOP and waits until the process has stopped, because until then it continues to run and another
 * signal may overtake.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until(() => stateOf(pid).startsWith('T'))
}

function stateOf(pid: number): string {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-p', String(pid), '-o', 'stat='], { encoding: 'utf8' }).trim()
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2)
}
