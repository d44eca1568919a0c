import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freeze, until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { findRunning, stopByPidFile, writePidFile } from './pid-file.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-pid-'))
const file = path.join(folder, 'run', 'sleeper.pid')
let sleeper: ChildProcess

beforeEach(() => {
  sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  writePidFile(file, Number(sleeper.pid))
})
afterEach(() => void sleeper.kill('SIGKILL'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a leftover process is stopped', async () => {
  expect(findRunning(file)).toBe(sleeper.pid)
  expect(await stopByPidFile(file)).toBe(true)
  await until(() => expect(sleeper.signalCode).toBe('SIGTERM'))
  expect(existsSync(file)).toBe(false)
})

test('a frozen leftover process is stopped', async () => {
  await freeze(Number(sleeper.pid))
  expect(findRunning(file)).toBe(sleeper.pid)
  expect(await stopByPidFile(file, 100)).toBe(true)
  await until(() => expect(sleeper.signalCode).toBe('SIGKILL'))
})

test('another process with the same process id is left alone', async () => {
  const written = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...written, startedAt: `${written.startedAt}0` }))
  expect(findRunning(file)).toBeNull()
  expect(await stopByPidFile(file)).toBe(false)
  expect(sleeper.signalCode).toBeNull()
  expect(() => process.kill(Number(sleeper.pid), 0)).not.toThrow()
})

test.each([['{"pid":'], ['{"pid":1,"startedAt":"x"}'], ['{"pid":-1}'], ['']])(
  'a file with %j names no process',
  async (content) => {
    writeFileSync(file, content)
    expect(await stopByPidFile(file)).toBe(false)
    expect(existsSync(file)).toBe(false)
  },
)
