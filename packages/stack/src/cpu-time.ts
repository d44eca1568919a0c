import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const TICK_MS = 10 // /proc counts in hundredths of a second on every architecture of Linux

/**
 * Returns the CPU time of a process and its children so far, in milliseconds; null if it has gone or the
 * system does not report it.
 */
export async function readCpuMs(pid: number): Promise<number | null> {
  if (process.platform !== 'linux') return readCpuOfOthers(pid)
  const own = await readStat(pid)
  if (!own) return null
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const stats = await Promise.all(pids.map(readStat))
  const children = stats.filter((stat) => stat?.parent === pid)
  return [own, ...children].reduce((sum, stat) => sum + (stat?.cpuMs ?? 0), 0)
}

async function readStat(pid: number): Promise<{ parent: number; cpuMs: number } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (!stat) return null
  // a program's name may contain spaces and brackets
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // its own and its ended children's
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), cpuMs: ticks * TICK_MS }
}

/** `ps` writes `[[days-]hours:]minutes:seconds`. */
async function readCpuOfOthers(pid: number): Promise<number | null> {
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'time=']).catch(() => ({
    stdout: '',
  }))
  if (!stdout.trim()) return null
  const [seconds = 0, minutes = 0, hours = 0] = stdout.trim().split(/[:-]/).reverse().map(Number)
  return (hours * 3_600 + minutes * 60 + seconds) * 1_000
}
