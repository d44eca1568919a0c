import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { layout, stopLeftovers } from './leftovers.ts'
import { isStopping, markStopping, writePidFile } from './pid-file.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-leftovers-'))
const { supervisorPid } = layout(folder)
let other: ChildProcess
afterEach(() => void other?.kill('SIGKILL'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const startOther = () => {
  other = spawn('sleep', ['60'], { stdio: 'ignore' })
  writePidFile(supervisorPid, Number(other.pid))
}

test('a running supervisor is not waited for', async () => {
  startOther()
  await expect(stopLeftovers(folder)).rejects.toThrow(
    `Boxoffice already runs in ${folder} (process ${other.pid})`,
  )
})

test('a stopping supervisor is waited for without limit, and the wait is reported', async () => {
  startOther()
  writeFileSync(
    supervisorPid,
    JSON.stringify({ ...JSON.parse(readFileSync(supervisorPid, 'utf8')), stopping: true }),
  )
  const lines: string[] = []
  const waiting = stopLeftovers(folder, {
    log: (line) => {
      lines.push(line)
      other.kill('SIGKILL')
    },
  })
  await waiting
  expect(lines).toEqual([
    expect.stringMatching(/^waiting for process \d+: \d+ s, the system before this one is still stopping$/),
  ])
})

test('a supervisor marks only itself as stopping', () => {
  writePidFile(supervisorPid, process.pid)
  expect(isStopping(supervisorPid)).toBe(false)
  markStopping(supervisorPid)
  expect(isStopping(supervisorPid)).toBe(true)
  startOther()
  markStopping(supervisorPid)
  expect(isStopping(supervisorPid)).toBe(false)
  rmSync(supervisorPid)
})
