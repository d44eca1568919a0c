import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { machineFactor, pause, until } from '@boxoffice/testing'
import { afterAll, expect, test } from 'vitest'
import { readCpuMs } from './cpu-time.ts'
import { createPatience, describeWait } from './patience.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-patience-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a growing log is progress, and a log that has stopped growing is none', async () => {
  const logFile = path.join(folder, 'grows.log')
  appendFileSync(logFile, 'begun\n')
  const stuckMsMax = 400 * machineFactor
  const patience = createPatience({ name: 'tickets', pid: () => null, logFile, stuckMsMax })
  const writing = setInterval(() => appendFileSync(logFile, 'a row\n'), 50)
  await pause(3 * stuckMsMax)
  expect(patience.signal.aborted).toBe(false)
  clearInterval(writing)
  await until(() => patience.signal.aborted)
})

test('CPU time of a child process is progress too', async () => {
  const busy = `while (true);`
  const parent = spawn(
    process.execPath,
    ['-e', `require('node:child_process').spawn(process.execPath, ['-e', '${busy}'])`],
    {
      detached: true,
    },
  )
  const pid = Number(parent.pid)
  try {
    const before = Number(await readCpuMs(pid))
    await until(async () => expect(Number(await readCpuMs(pid)) - before).toBeGreaterThan(500))
  } finally {
    process.kill(-pid, 'SIGKILL')
  }
  await until(async () => expect(await readCpuMs(pid)).toBeNull())
})

test('the line names what is waited for, and the time limit', () => {
  const times = { waitedMs: 12_300, idleMs: 900, stuckMsMax: 60_000 }
  expect(describeWait('tickets', times)).toBe('waiting for tickets: 12 s, still starting')
  expect(describeWait('Redis', { ...times, idleMs: 11_000 })).toBe(
    'waiting for Redis: 12 s, it has done nothing for 11 s, given up after 60 s',
  )
  expect(describeWait('tickets', times, '503 {"database":"DOWN"}')).toBe(
    'waiting for tickets: 12 s, still starting; it answers 503 {"database":"DOWN"}',
  )
})
