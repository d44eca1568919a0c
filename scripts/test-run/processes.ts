import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { execaSync } from 'execa'

export interface Process {
  readonly pid: number
  readonly command: string
}

/** What every process of a test run inherits, and is found by, however it was started and whoever its parent was. */
export const RUN_VARIABLE = 'BOXOFFICE_TEST_RUN'

/**
 * The processes whose environment says that they are of the run of `folder`, and those at work in it: Redis writes its title over
 * its environment. This one is not counted.
 */
export function findProcessesOf(folder: string): Process[] {
  const mark = `${RUN_VARIABLE}=${folder}`
  const all = process.platform === 'linux' ? readProc(mark, folder) : askPs(mark)
  return all.filter(({ pid }) => pid !== process.pid)
}

function readProc(mark: string, folder: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const isMarked = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(mark)
        if (!isMarked && !readlinkSync(`/proc/${name}/cwd`).startsWith(folder)) return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(name), command }]
      } catch {
        return [] // it has ended, or is another user's
      }
    })
}

function askPs(mark: string): Process[] {
  const { stdout } = execaSync('ps', ['-axEwwo', 'pid=,command='], { reject: false, maxBuffer: 100_000_000 })
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line.split(' ').includes(mark))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+ /, '').slice(0, 200) }))
}
