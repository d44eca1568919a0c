import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { activities, activitiesSoFar, logSources } from '../../packages/testing/src/index.ts'
import { RUN_VARIABLE } from './processes.ts'
import { fileOfSpending } from './spending.ts'

const LINES_OF_A_LOG = 20
const TICKS_PER_SECOND = 100

// Runs before each test file, in its worker. Records what the file spends its time on, and prints the logs of
// failed tests.
const before = { ...activitiesSoFar(), ...cpuMs() }
afterAll(() => {
  const folder = process.env[RUN_VARIABLE]
  if (!folder) return
  const now = { ...activitiesSoFar(), ...cpuMs() }
  const spent = Object.fromEntries(
    [...activities, 'cpu', 'children'].map((name) => [name, now[name as 'cpu'] - before[name as 'cpu']]),
  )
  const file = fileOfSpending(folder)
  mkdirSync(path.dirname(file), { recursive: true })
  appendFileSync(file, `${JSON.stringify({ file: expect.getState().testPath, ...spent })}\n`)
})

beforeEach(() => {
  for (const source of logSources()) source.mark()
})
let tests = 0
afterEach(({ task }) => {
  tests++
  if (task.result?.state === 'fail') showLogs(task.name)
})
// If a `beforeAll` fails, no test runs, and so no `afterEach`.
afterAll(() => {
  if (tests === 0) showLogs('the preparation of the file')
})

function showLogs(during: string): void {
  for (const source of logSources()) {
    for (const [name, lines] of source.readSinceMark(LINES_OF_A_LOG)) {
      if (lines.length > 0)
        console.error(`the last lines of ${name} during «${during}»:\n  ${lines.join('\n  ')}`)
    }
  }
}

/** Returns the CPU time of this process and of its ended children (Linux only). */
function cpuMs(): { cpu: number; children: number } {
  const { user, system } = process.cpuUsage()
  return { cpu: (user + system) / 1_000, children: childrensCpuMs() }
}

function childrensCpuMs(): number {
  if (process.platform !== 'linux') return 0
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[13]) + Number(fields[14])) * 1_000) / TICKS_PER_SECOND
}
