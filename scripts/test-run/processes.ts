import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { execaSync } from 'execa'

export interface Process {
  readonly pid: number
  readonly command: string
}

/**
 * What every process of a test run inherits, and is found by, however it was started and whoever its parent
 * was.
 */
export const RUN_VARIABLE = 'BOXOFFICE_TEST_RUN'

const STORES = /redis-server|valkey-server|postgres/

/**
 * The processes whose environment says that they are of the run of `folder`, and the stores that work in it:
 * Redis writes its title over its environment. This one is not counted, nor the shell of somebody who looks
 * into the folder.
 */
export function findProcessesOf(folder: string): Process[] {
  const all = process.platform === 'linux' ? readProc(folder) : askPs(folder)
  return all.filter(({ pid }) => pid !== process.pid)
}

/**
 * The mark, or a path in the folder: some are given an environment of their own. Where a shell stands is no
 * matter.
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
        return [] // it has ended, or is another user's
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
