import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseStores } from './engine.ts'
import { images } from './images.ts'
import { startAwsContainer, startPostgresContainer, startRedisContainer } from './stores.ts'

interface Created {
  Image: string
  Cmd?: string[]
  Env: string[]
  HostConfig: { PortBindings: Record<string, { HostIp: string; HostPort: string }[]>; Tmpfs?: Record<string, string> }
}

/** Of Docker's HTTP API what testcontainers needs to start and stop a container; nothing runs. */
function createEngine() {
  const created: Created[] = []
  const calls: string[] = []
  const containerOf = (id: string) => ({
    Id: id,
    Name: `/${id}`,
    Config: { Hostname: id, Labels: {} },
    State: { Status: 'running', Running: true, StartedAt: new Date().toISOString(), FinishedAt: new Date().toISOString() },
    HostConfig: created[Number(id)]?.HostConfig,
    NetworkSettings: { Ports: created[Number(id)]?.HostConfig.PortBindings, Networks: {} },
  })
  const answer = async (request: http.IncomingMessage, path: string): Promise<[number, unknown]> => {
    const [, id = ''] = /^\/containers\/(\d+)\//.exec(path) ?? []
    if (path === '/containers/create') {
      created.push((await json(request)) as Created)
      return [201, { Id: String(created.length - 1), Warnings: [] }]
    }
    if (path === '/info') return [200, { ServerVersion: '28', OperatingSystem: 'none', OSType: 'linux', Architecture: 'x86_64' }]
    if (path === '/containers/json') return [200, []]
    if (path.startsWith('/images/')) return [200, { Id: 'there' }]
    if (path.endsWith('/exec')) return [201, { Id: 'exec' }]
    if (path === '/exec/exec/json') return [200, { ExitCode: 0, Running: false }]
    if (path.endsWith('/json')) return [200, containerOf(id)]
    return [204, undefined]
  }
  const server = http.createServer(async (request, response) => {
    const path =
      String(request.url)
        .split('?')[0]
        ?.replace(/^\/v[\d.]+/, '') ?? ''
    calls.push(`${request.method} ${path}`)
    if (path.endsWith('/logs')) return void response.writeHead(200).end(frame('Ready.\n'))
    const [status, body] = path === '/exec/exec/start' ? [200, ''] : await answer(request, path)
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
  })
  return { server, created, calls }
}

/** Both output streams of a container share a connection, in frames with a header of eight bytes. */
function frame(text: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(text.length, 4)
  return Buffer.concat([header, Buffer.from(text)])
}

const engine = createEngine()
beforeAll(async () => {
  await new Promise<void>((resolve) => engine.server.listen(0, '127.0.0.1', resolve))
  process.env.DOCKER_HOST = `tcp://127.0.0.1:${(engine.server.address() as AddressInfo).port}`
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
})
afterAll(() => engine.server.close())

test('without STACK nothing is asked of Docker', async () => {
  const never = () => Promise.reject(new Error('asked'))
  expect(await chooseStores(undefined, never)).toBe('processes')
  expect(await chooseStores('', never)).toBe('processes')
})

test('STACK=docker means containers where an engine answers, and one sentence where none does', async () => {
  expect(await chooseStores('docker')).toBe('containers')
  const failure = await chooseStores('docker', () => Promise.reject(new Error('no'))).catch((error: Error) => error.message)
  expect(failure).toMatch(/^STACK=docker runs the tests on containers, and no Docker engine answers here: [^\n]*$/)
})

test('another word than docker is refused', async () => {
  await expect(chooseStores('podman')).rejects.toThrow('STACK is podman; it may be docker, or not be set')
})

test('PostgreSQL, Valkey and LocalStack are started for this machine alone, and go with all that is in them', async () => {
  const postgres = await startPostgresContainer({ port: 40_001 })
  const redis = await startRedisContainer({ port: 40_002 })
  const aws = await startAwsContainer({ port: 40_003 })
  expect(postgres.url('tickets')).toBe('postgres://postgres@127.0.0.1:40001/tickets')
  expect(redis.url).toBe('redis://127.0.0.1:40002')
  expect(aws.endpoint).toBe('http://127.0.0.1:40003')

  expect(engine.created.map(({ Image }) => Image)).toEqual([images.postgres, images.redis, images.aws])
  expect(engine.created.map(({ HostConfig }) => HostConfig.PortBindings)).toEqual([
    { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '40001' }] },
    { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: '40002' }] },
    { '4566/tcp': [{ HostIp: '127.0.0.1', HostPort: '40003' }] },
  ])
  const [first, second, third] = engine.created
  expect(first?.Cmd).toContain('max_connections=300')
  expect(first?.HostConfig.Tmpfs).toEqual({ '/var/lib/postgresql/data': 'rw' })
  expect(second?.Cmd).toContain('noeviction')
  expect(third?.Env).toContain('SERVICES=sns,sqs,ses')

  engine.calls.splice(0)
  await Promise.all([postgres, redis, aws].map((store) => store.stop()))
  for (const id of ['0', '1', '2'])
    expect(engine.calls).toEqual(expect.arrayContaining([`POST /containers/${id}/stop`, `DELETE /containers/${id}`]))
})
