import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '@boxoffice/testing'
import { execaSync } from 'execa'
import { afterEach, expect, test } from 'vitest'
import { findProcessesOf } from './processes.ts'
import { beginRun } from './run.ts'

/** No process here ends by itself, so the grace period is short. */
const QUICK = { noticeMs: 0, endMs: 50 }
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/**
 * Starts a run in a separate process, which starts and orphans a process that ignores signals, and writes a
 * file.
 */
async function startRun(): Promise<{ owner: ChildProcess; folder: string }> {
  const program = `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    import { beginRun } from ${JSON.stringify(path.join(import.meta.dirname, 'run.ts'))}
    const run = await beginRun(${JSON.stringify(QUICK)})
    const deaf = "process.on('SIGINT', () => {}); process.on('SIGTERM', () => {})"
    const stubborn = deaf + "; process.send('up'); setInterval(() => {}, 1000)"
    const child = spawn(process.execPath, ['-e', stubborn], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, ...run.environment },
    })
    child.once('message', () => {
      writeFileSync(run.environment.TMPDIR + '/written', 'something')
      process.send(run.folder)
    })
    process.on('SIGUSR2', async () => {
      const left = await run.end()
      process.send(left.map(({ command }) => command))
    })
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(owner)
  const [folder] = await once(owner, 'message')
  return { owner, folder: String(folder) }
}

/** Returns the watcher process of the run of `folder`; null if there is none. */
function findWatcherOf(folder: string): number | null {
  const { stdout } = execaSync('ps', ['-Ao', 'pid=,stat=,args='])
  const line = stdout
    .split('\n')
    .find((line) => line.includes(`watcher.ts ${folder}`) && !/^ *\d+ Z/.test(line))
  return line ? Number.parseInt(line, 10) : null
}

test('processes left over after a run are reported and killed, and its folder is removed', async () => {
  const { owner, folder } = await startRun()
  expect(existsSync(path.join(folder, 'tmp/written'))).toBe(true)
  expect(findProcessesOf(folder)).toHaveLength(1)
  owner.kill('SIGUSR2')
  const [left] = await once(owner, 'message')
  expect(left).toEqual([expect.stringContaining("process.send('up')")])
  expect(findProcessesOf(folder)).toEqual([])
  expect(existsSync(folder)).toBe(false)
})

test('a killed run leaves neither processes nor a folder', async () => {
  const { owner, folder } = await startRun()
  owner.kill('SIGKILL')
  await until(() => expect(findProcessesOf(folder)).toEqual([]))
  await until(() => expect(existsSync(folder)).toBe(false))
})

test('if the watcher was killed too, the next run cleans up', async () => {
  const { owner, folder } = await startRun()
  const watcher = await until(() => findWatcherOf(folder))
  process.kill(watcher, 'SIGKILL')
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  await until(() => expect(findWatcherOf(folder)).toBe(null))
  expect(findProcessesOf(folder)).toHaveLength(1)
  const next = await beginRun(QUICK)
  expect(findProcessesOf(folder)).toEqual([])
  expect(existsSync(folder)).toBe(false)
  expect(await next.end()).toEqual([])
})

test('a store that hides its environment is found by its folder; a shell there is left alone', async () => {
  const run = await beginRun(QUICK)
  const server = ['-e', 'setInterval(() => {}, 1000)', 'redis-server']
  const child = spawn(process.execPath, server, {
    cwd: path.join(run.folder, 'tmp'),
    stdio: 'ignore',
    env: {},
  })
  const shell = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    cwd: run.folder,
    stdio: 'ignore',
    env: {},
  })
  children.push(child, shell)
  await Promise.all([once(child, 'spawn'), once(shell, 'spawn')])
  expect(findProcessesOf(run.folder).map(({ pid }) => pid)).toEqual([child.pid])
  expect(await run.end()).toHaveLength(1)
  expect(shell.exitCode ?? shell.signalCode).toBe(null)
})

test('the next run leaves a run in progress alone', async () => {
  const { folder } = await startRun()
  const next = await beginRun(QUICK)
  writeFileSync(path.join(next.folder, 'ours'), '')
  expect(findProcessesOf(folder)).toHaveLength(1)
  expect(await next.end()).toEqual([])
  expect(findProcessesOf(folder)).toHaveLength(1)
  expect(existsSync(folder)).toBe(true)
})
