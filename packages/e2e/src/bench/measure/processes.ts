import { readdir, readFile } from 'node:fs/promises'

const TICK_MS = 10 // Linux counts in hundredths of a second on every architecture

/** CPU used so far, in milliseconds by name. */
export type CpuTimes = Readonly<Record<string, number>>

/**
 * Returns the CPU time of named processes including their children: PostgreSQL has a process per session,
 * and ended ones count too. Linux only; zero elsewhere.
 */
export async function readCpuTimes(pids: Readonly<Record<string, number>>): Promise<CpuTimes> {
  const all = await readAll()
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const own = all.get(pid)
      const children = [...all.values()].filter(({ parent }) => parent === pid)
      return [name, (own?.cpuMs ?? 0) + children.reduce((total, { cpuMs }) => total + cpuMs, 0)]
    }),
  )
}

/** Returns the parent of a process. */
export async function parentOf(pid: number): Promise<number> {
  return (await readStat(pid))?.parent ?? 0
}

/** Returns the resident memory of a process in bytes. */
export async function readRss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1_024
}

interface Stat {
  parent: number
  cpuMs: number
}

async function readAll(): Promise<Map<number, Stat>> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.map(Number).filter(Number.isInteger)
  const stats = await Promise.all(pids.map(async (pid) => [pid, await readStat(pid)] as const))
  return new Map(stats.filter((entry): entry is readonly [number, Stat] => entry[1] !== null))
}

async function readStat(pid: number): Promise<Stat | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (!stat) return null
  // a program's name may contain spaces and brackets
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // its own, and its exited children's
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0)
  return { parent: Number(fields[1]), cpuMs: ticks * TICK_MS }
}

/** Returns the CPU used between two readings. */
export const cpuBetween = (before: CpuTimes, after: CpuTimes): CpuTimes =>
  Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, Math.max(0, ms - (before[name] ?? 0))]))
