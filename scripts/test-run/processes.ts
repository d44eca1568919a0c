import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { execaSync } from 'execa'

export interface Process {
  readonly pid: number
  readonly command: string
}

/**
 * Environment variable that every process of a test run inherits, by which it is found whatever its parent
 * is.
 */
export const RUN_VARIABLE = 'BOXOFFICE_TEST_RUN'

const STORES = /redis-server|valkey-server|postgres/

/**
 * Returns the processes of the run of `folder`, by their environment, and the stores whose working directory
 * is in it (Redis overwrites its environment with its title). Excludes the current process and shells in the
 * folder.
 */
export function findProcessesOf(folder: string): Process[] {
  const all = process.platform === 'linux' ? readProc(folder) : askPs(folder)
  return all.filter(({ pid }) => pid !== process.pid)
}

/**
 * Whether an entry contains the mark or a path in the folder: some processes get a different environment. A
 * shell's PWD does not count.
 */
const isOf = (entry: string, folder: string) => entry.includes(folder) && !/^(OLD)?PWD=/.test(entry)

function readProc(folder: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const isMarked = readFileSync(`/proc/${name}/environ`, 'utf8')
          .split('\0')
          .some((entry) => isOf(entry, folder))
        const isStoreHere = STORES.test(command) && readlinkSync(`/proc/${name}/cwd`).startsWith(`${folder}/`)
        if (!isMarked && !isStoreHere) return []
        return [{ pid: Number(name), command }]
      } catch {
        return [] // has ended, or belongs to another user
      }
    })
}

function askPs(folder: string): Process[] {
  const { stdout } = execaSync('ps', ['-axEwwo', 'pid=,command='], { reject: false, maxBuffer: 100_000_000 })
  return (stdout ?? '')
    .split('\n')
    .filter((line) => `${line} `.includes(` ${RUN_VARIABLE}=${folder} `))
    .map((line) => ({
      pid: Number.parseInt(line, 10),
      command: line.trim().replace(/^\d+ /, '').slice(0, 200),
    }))
}
