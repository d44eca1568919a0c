import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createChildren, freeze, until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { stopLeftovers } from './leftovers.ts'
import { findRunning } from './pid-file.ts'
import { claimPorts } from './ports.ts'
import { prepareProgram } from './programs/program.ts'
import { type System, type SystemOptions, startSystem } from './system.ts'

const root = mkdtempSync(path.join(tmpdir(), 'boxoffice-system-'))
const running: System[] = []
const folders: string[] = []
const children = createChildren()
beforeAll(() => prepareProgram(path.join(import.meta.dirname, 'main.ts'))) // builds them all, once
afterEach(() => Promise.all(running.splice(0).map((system) => system.stop())))
afterAll(async () => {
  await children.end()
  await Promise.all(folders.map((folder) => stopLeftovers(folder)))
  rmSync(root, { recursive: true, force: true })
})

/** As small as a service can be: it serves, it is ready, and it writes down when it stops. */
const SERVICE = `
  import { appendFileSync } from 'node:fs'
  import http from 'node:http'
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    const { DATABASE_URL: database, EXTRA: extra } = process.env
    response.end(JSON.stringify({ url: request.url, database, extra, pid: process.pid }))
  })
  const stop = async () => {
    const edge = await fetch(process.env.PUBLIC_URL).then(() => 'up', () => 'gone')
    appendFileSync(process.env.STOPS, 'edge is ' + edge + '\\n')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send('ready'))`

const services = path.join(root, 'services')
for (const key of ['auth', 'tickets']) {
  const migration = path.join(services, key, 'prisma/migrations/20260101000000_first')
  mkdirSync(path.join(services, key, 'src'), { recursive: true })
  mkdirSync(migration, { recursive: true })
  writeFileSync(path.join(services, key, 'src/main.ts'), SERVICE)
  writeFileSync(path.join(migration, 'migration.sql'), 'create table things (id int primary key);')
}

const optionsOf = async (over: Partial<SystemOptions> = {}): Promise<SystemOptions> => {
  const folder = path.join(root, `system-${folders.length + 1}`)
  const env = { STOPS: `${folder}-stops` }
  folders.push(folder)
  const given = { auth: env, tickets: { ...env, EXTRA: 'yes' } }
  return {
    folder,
    ports: await claimPorts(),
    log: () => {},
    servicesFolder: services,
    env: given,
    unsafe: true,
    ...over,
  }
}
const start = async (options: SystemOptions): Promise<System> => {
  const system = await startSystem(options)
  running.push(system)
  return system
}
const pidFiles = (folder: string) => {
  const run = path.join(folder, 'run')
  const names = existsSync(run) ? readdirSync(run).map((name) => path.join(run, name)) : []
  return [...names, path.join(folder, 'redis.pid')].filter((file) => existsSync(file))
}

test('the services run behind the edge, restart after a kill, and stop after the edge', async () => {
  const lines: string[] = []
  const options = await optionsOf({ log: (line) => lines.push(line), instances: { tickets: 2 } })
  const system = await start(options)
  expect(statSync(options.folder).mode & 0o777).toBe(0o700)
  const ask = async () =>
    (await (await fetch(`${system.urls.edge}/api/tickets/types`)).json()) as { pid: number }
  expect(await ask()).toMatchObject({
    url: '/api/tickets/types',
    database: system.databaseUrl('tickets'),
    extra: 'yes',
  })
  const pids = [system.service('tickets').pid, system.service('tickets', 1).pid].sort()
  const answers = await Promise.all([ask(), ask(), ask(), ask()])
  expect([...new Set(answers.map((answer) => answer.pid))].sort()).toEqual(pids)
  expect((await fetch(`${system.urls.edge}/api/payments/orders`)).status).toBe(404) // has no folder here
  expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(
    expect.arrayContaining([
      'PostgreSQL',
      'Redis',
      'SNS and SQS',
      'databases',
      'mailbox',
      'payment sandbox',
      'auth',
      'tickets',
      'edge',
    ]),
  )

  const auth = system.service('auth')
  auth.kill('SIGKILL')
  await auth.waitReady()
  expect(auth.restarts).toBe(1)
  expect((await fetch(`${system.urls.edge}/api/auth/me`)).status).toBe(200)

  await system.stop()
  expect(readFileSync(String(options.env?.auth?.STOPS), 'utf8')).toBe('edge is gone\n'.repeat(3))
  expect(pidFiles(options.folder)).toEqual([])
})

test('after a SIGKILL of the supervisor, the next start cleans up and keeps the data', async () => {
  const options = await optionsOf()
  const { log: _, ...plain } = options
  const program = `
    import { startSystem } from ${JSON.stringify(path.join(import.meta.dirname, 'system.ts'))}
    await startSystem({ ...${JSON.stringify(plain)}, log: () => {} })
    process.send('started')`
  const supervisor = await children.start(['--input-type=module-typescript', '-e', program])
  await expect(startSystem(options)).rejects.toThrow(
    /^Boxoffice already runs in .* \(process \d+\): stop it there first/,
  )

  const left = path.join(root, 'left-behind')
  mkdirSync(left)
  for (const file of pidFiles(options.folder)) cpSync(file, path.join(left, path.basename(file)))
  const leftBehind = readdirSync(left).map((name) => path.join(left, name))
  expect(leftBehind).toHaveLength(8) // aws, mailbox, sms, sandbox, auth, tickets, edge, redis
  const frozen = JSON.parse(readFileSync(path.join(left, 'tickets.pid'), 'utf8')).pid
  await freeze(frozen) // cannot notice that the supervisor has gone
  await children.kill(supervisor)

  const system = await start(options)
  expect(leftBehind.map(findRunning)).toEqual(leftBehind.map(() => null))
  expect((await fetch(`${system.urls.edge}/api/tickets/types`)).status).toBe(200)
})

test('a service that cannot start is reported with its log and output, and all is stopped', async () => {
  const broken = path.join(root, 'broken')
  cpSync(services, broken, { recursive: true })
  writeFileSync(path.join(broken, 'auth/src/main.ts'), `throw new Error('TOKEN_PRIVATE_KEY is missing')`)
  const options = await optionsOf({ servicesFolder: broken })
  const failure = await startSystem(options).catch((error: Error) => error.message)
  expect(failure).toContain(`auth ended (1), see ${path.join(options.folder, 'logs/auth.log')}`)
  expect(failure).toContain('TOKEN_PRIVATE_KEY is missing')
  expect(pidFiles(options.folder)).toEqual([])
  await start({ ...options, servicesFolder: services }) // every port is free again
})

test('an aborted start stops what it has started', async () => {
  const stuck = path.join(root, 'stuck')
  cpSync(services, stuck, { recursive: true })
  writeFileSync(path.join(stuck, 'auth/src/main.ts'), "process.on('disconnect', () => process.exit(0))")
  const givingUp = new AbortController()
  const options = await optionsOf({ servicesFolder: stuck, signal: givingUp.signal })
  const givenUp = expect(startSystem(options)).rejects.toThrow()
  const authPid = path.join(options.folder, 'run/auth.pid')
  await until(() => expect(existsSync(authPid)).toBe(true))
  givingUp.abort()
  await givenUp
  expect(pidFiles(options.folder)).toEqual([])
})

test('a port in use fails the start before anything runs', async () => {
  const system = await start(await optionsOf({ services: [] }))
  const other = await optionsOf()
  const port = Number(new URL(system.urls.mailbox).port)
  const starting = startSystem({ ...other, ports: { ...other.ports, mailbox: port } })
  await expect(starting).rejects.toThrow(
    new RegExp(`^port ${port} is taken.* \\(MAILBOX_PORT moves ours\\)$`),
  )
  expect(existsSync(other.folder)).toBe(false)
})
