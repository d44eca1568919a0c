import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort, freeze, machineFactor, until } from '@boxoffice/testing'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { findRunning } from './pid-file.ts'
import { backoffMs, type Program, type Supervised, supervise } from './supervise.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-supervise-'))
const running: Supervised[] = []
const servers: http.Server[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.stop(Date.now())))
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const WELL_BEHAVED = `
  setInterval(() => {}, 1000)
  process.on('SIGTERM', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
  console.log('serving as', process.env.ROLE)
  process.send('ready')`

let count = 0
const start = (source: string, options: Partial<Program> = {}) => {
  const name = `program-${++count}`
  const file = path.join(folder, `${name}.mjs`)
  writeFileSync(file, source)
  const log = vi.fn()
  const child = supervise({
    name,
    file,
    env: { ROLE: 'test' },
    logFile: path.join(folder, 'logs', `${name}.log`),
    pidFile: path.join(folder, 'run', `${name}.pid`),
    log,
    ...options,
  })
  running.push(child)
  return {
    child,
    log,
    logFile: path.join(folder, 'logs', `${name}.log`),
    pidFile: path.join(folder, 'run', `${name}.pid`),
  }
}

test('a program runs with its environment, its log and its pid file, until it is stopped', async () => {
  const { child, logFile, pidFile } = start(WELL_BEHAVED)
  await child.waitReady()
  expect(readFileSync(logFile, 'utf8')).toBe('serving as test\n')
  expect(findRunning(pidFile)).toBe(child.pid)
  const pid = Number(child.pid)
  await child.stop()
  expect(child.pid).toBeNull()
  expect(findRunning(pidFile)).toBeNull()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  await expect(child.waitReady()).rejects.toThrow('was stopped')
})

test('a killed program is restarted, and readiness means that of the new process', async () => {
  const { child, log } = start(WELL_BEHAVED)
  await child.waitReady()
  for (const restarts of [1, 2]) {
    const before = child.pid
    child.kill('SIGKILL')
    await child.waitReady()
    expect(child.restarts).toBe(restarts)
    expect(child.pid).not.toBe(before)
  }
  expect(log.mock.calls.map(([line]) => line)).toEqual([
    `${child.name} ended (SIGKILL); restarting it in 0.2 s`,
    `${child.name} ended (SIGKILL); restarting it in 0.4 s`,
  ])
})

test('the restart delay doubles up to ten seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(failures))).toEqual([
    200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
  ])
})

test('a failed restart is retried until it succeeds', async () => {
  const marker = path.join(folder, 'fails-twice')
  const source = `
    import { existsSync, readFileSync, writeFileSync } from 'node:fs'
    const starts = existsSync('${marker}') ? Number(readFileSync('${marker}', 'utf8')) + 1 : 1
    writeFileSync('${marker}', String(starts))
    if (starts === 2 || starts === 3) process.exit(7)
    ${WELL_BEHAVED}`
  const { child } = start(source)
  await child.waitReady()
  child.kill('SIGKILL')
  await child.waitReady()
  expect(child.restarts).toBe(3)
})

test('a failed first start is not retried: the error names the log and shows its end', async () => {
  const { child, logFile, log } = start(`throw new Error('DATABASE_URL is missing')`)
  const failure = await child.waitReady().catch((error: Error) => error.message)
  expect(failure).toContain(`${child.name} ended (1), see ${logFile}`)
  expect(failure).toContain('DATABASE_URL is missing')
  expect(log).not.toHaveBeenCalled()
  expect(child.restarts).toBe(0)
})

test('a start without progress for too long fails', async () => {
  const { child } = start('setInterval(() => {}, 1000)', { stuckMsMax: 600 })
  await expect(child.waitReady()).rejects.toThrow(
    `${child.name} was stuck: not ready, and it did nothing for 0.6 s, see `,
  )
  expect(child.pid).toBeNull()
})

test.each([
  ['computes', `for (const until = Date.now() + ${3_000 * machineFactor}; Date.now() < until; );`],
  [
    'writes its log',
    `for (let n = 0; n < ${Math.ceil(30 * machineFactor)}; n++) { console.log('row', n); ` +
      'await new Promise((next) => setTimeout(next, 100)) }',
  ],
])('one that %s is waited for', async (_what, work) => {
  const { child } = start(`${work}\n${WELL_BEHAVED}`, { stuckMsMax: 1_500 * machineFactor })
  await child.waitReady()
  expect(child.restarts).toBe(0)
})

test('a program that is not ready for too long fails, with its readiness response', async () => {
  const server = http.createServer((_request, response) => response.writeHead(503).end('{"database":"DOWN"}'))
  servers.push(server)
  const port = await claimPort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const { child } = start(WELL_BEHAVED, { readyUrl: `http://127.0.0.1:${port}/`, unreadyMsMax: 100 })
  await expect(child.waitReady()).rejects.toThrow(
    `${child.name} was not ready for 0.1 s: 503 {"database":"DOWN"}, see `,
  )
})

test('a program is ready only if its own response says so', async () => {
  let status = 503
  let asked = 0
  const server = http.createServer((_request, response) => {
    asked++
    response.writeHead(status).end()
  })
  servers.push(server)
  const port = await claimPort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const readyUrl = `http://127.0.0.1:${port}/`
  const { child } = start(WELL_BEHAVED, { readyUrl })
  let ready = false
  const waiting = child.waitReady().then(() => {
    ready = true
  })
  await until(() => expect(asked).toBeGreaterThan(1))
  expect(ready).toBe(false)
  status = 200
  await waiting
})

test('a program that ignores SIGTERM or is frozen is killed after the timeout, and not before', async () => {
  const HOUR_MS = 3_600_000
  const DEAF = WELL_BEHAVED.replace('process.exit(0)', "console.log('deaf')")
  const [deaf, given] = [start(DEAF), start(DEAF)] as const
  const frozen = start(WELL_BEHAVED).child
  await Promise.all([deaf.child, given.child, frozen].map((child) => child.waitReady()))
  await freeze(Number(frozen.pid))
  const stopping = given.child.stop(Date.now() + HOUR_MS)
  const startedAt = Date.now()
  await Promise.all([deaf.child, frozen].map((child) => child.stop(startedAt + 300)))
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(300)
  expect([deaf.child.pid, frozen.pid]).toEqual([null, null])
  await until(() => expect(readFileSync(given.logFile, 'utf8')).toContain('deaf'))
  expect(given.child.pid).not.toBeNull() // has an hour
  await given.child.stop(Date.now())
  await stopping
})

test('a program stopped during its restart delay is not restarted', async () => {
  const { child, log } = start(WELL_BEHAVED)
  await child.waitReady()
  // What is said of its end comes right before the pause; the pause has begun when the event loop goes on.
  const stopped = new Promise<void>((resolve) =>
    log.mockImplementation(() => setImmediate(() => resolve(child.stop()))),
  )
  child.kill('SIGKILL')
  await stopped
  expect(child.restarts).toBe(0)
  expect(child.pid).toBeNull()
})
