import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { startProgram, until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Created, startDockerEngine } from '../../test/docker-engine.ts'
import { startAws } from '../aws/aws.ts'
import { claimPorts } from '../ports.ts'
import { startPostgres } from '../postgres.ts'
import { startRedis } from '../redis/redis.ts'
import { chooseStores } from './engine.ts'
import { images } from './images.ts'

const SYSTEM = path.join(import.meta.dirname, '../../test/system-on-containers.ts')
const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-docker-'))
let engine: Awaited<ReturnType<typeof startDockerEngine>>
beforeAll(async () => {
  engine = await startDockerEngine(runHere)
})
afterAll(() => {
  engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What would run in a container runs on this machine, at the port that it would be published at. */
async function runHere({ Image, HostConfig }: Created) {
  const port = Number(Object.values(HostConfig.PortBindings)[0]?.[0]?.HostPort)
  const dataDir = path.join(folder, `data-${port}`)
  const starting = {
    [images.postgres]: () => startPostgres({ dataDir, port, unsafe: true }),
    [images.redis]: () => startRedis({ dataDir, port, unsafe: true }),
    [images.aws]: () => startAws({ port }),
  }[Image]
  if (!starting) throw new Error(`no image ${Image}`)
  return (await starting()).stop
}

test('without STACK, Docker is not used', async () => {
  const never = () => Promise.reject(new Error('asked'))
  expect(await chooseStores(undefined, never)).toBe('processes')
  expect(await chooseStores('', never)).toBe('processes')
})

test('STACK=docker uses containers if an engine is running, and fails with one sentence if not', async () => {
  expect(await chooseStores('docker', async () => 'an engine')).toBe('containers')
  const failure = await chooseStores('docker', () => Promise.reject(new Error('no'))).catch(
    (error: Error) => error.message,
  )
  expect(failure).toMatch(
    /^STACK=docker runs the tests on containers, and no Docker engine answers here: [^\n]*$/,
  )
})

test('any other value of STACK is refused', async () => {
  await expect(chooseStores('podman')).rejects.toThrow('STACK is podman; set it to docker, or not at all')
})

test('a system runs in containers that only this machine reaches, and removes them', async () => {
  const ports = await claimPorts()
  const system = await startProgram([SYSTEM, folder, JSON.stringify(ports)], {
    ...process.env,
    DOCKER_HOST: engine.host,
    TESTCONTAINERS_RYUK_DISABLED: 'true',
  })
  try {
    const types = await fetch(`http://127.0.0.1:${ports.edge}/api/events`)
    expect(await types.json()).toEqual({ events: [], nextCursor: null })
    await until(async () => {
      const health = await fetch(`http://127.0.0.1:${ports.events}/actuator/health`)
      expect(await health.json()).toMatchObject({
        status: 'UP',
        components: { database: 'UP', redis: 'UP', messaging: 'UP' },
      })
    })
  } finally {
    expect(await system.stop()).toEqual([0, null])
  }
  const byImage = Object.fromEntries(engine.created.map((container) => [container.Image, container]))
  const [postgres, redis, aws] = [byImage[images.postgres], byImage[images.redis], byImage[images.aws]]
  const reachable = (port: number) => [{ HostIp: '127.0.0.1', HostPort: String(port) }]
  expect(postgres?.HostConfig).toMatchObject({ PortBindings: { '5432/tcp': reachable(ports.postgres) } })
  expect(postgres?.HostConfig.Tmpfs).toEqual({ '/var/lib/postgresql/data': 'rw' })
  expect(postgres?.Cmd).toContain('max_connections=300')
  expect(redis?.HostConfig).toMatchObject({ PortBindings: { '6379/tcp': reachable(ports.redis) } })
  expect(redis?.Cmd).toContain('noeviction')
  expect(aws?.HostConfig).toMatchObject({ PortBindings: { '4566/tcp': reachable(ports.aws) } })
  expect(aws?.Env).toContain('SERVICES=sns,sqs,ses')
  for (const id of [0, 1, 2])
    expect(engine.calls).toEqual(
      expect.arrayContaining([`POST /containers/${id}/stop`, `DELETE /containers/${id}`]),
    )
})
