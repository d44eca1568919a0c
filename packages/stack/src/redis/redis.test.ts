import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort, createChildren } from '@boxoffice/testing'
import { Redis as Connection } from 'ioredis'
import { afterAll, afterEach, expect, test } from 'vitest'
import { findRunning } from '../pid-file.ts'
import { type Redis, type RedisOptions, startRedis, stopRedis } from './redis.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-redis-'))
const children = createChildren()
const running: Redis[] = []
afterEach(() => Promise.all(running.splice(0).map((redis) => redis.stop())))
afterAll(async () => {
  await children.end()
  await stopRedis(path.join(folder, 'left'))
  rmSync(folder, { recursive: true, force: true })
})

const start = async (options: RedisOptions): Promise<Redis> => {
  const redis = await startRedis(options)
  running.push(redis)
  return redis
}

const withConnection = async <T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> => {
  const connection = new Connection(url)
  try {
    return await work(connection)
  } finally {
    connection.disconnect()
  }
}

test('data survives a restart, nothing is evicted, and only this machine is served', async () => {
  const dataDir = path.join(folder, 'survives')
  const port = await claimPort()
  const first = await start({ dataDir, port })
  await withConnection(first.url, async (connection) => {
    await connection.set('seat', 'held')
    expect(await connection.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(await connection.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
  })
  await first.stop()
  const second = await start({ dataDir, port })
  expect(await withConnection(second.url, (connection) => connection.get('seat'))).toBe('held')
})

test('a server left by a killed supervisor is stopped and replaced', async () => {
  const dataDir = path.join(folder, 'left')
  const port = await claimPort()
  const program = `
    import { startRedis } from ${JSON.stringify(path.join(import.meta.dirname, 'redis.ts'))}
    await startRedis(${JSON.stringify({ dataDir, port })})
    process.send('started')
    setInterval(() => {}, 1000)`
  const supervisor = await children.start(['--input-type=module-typescript', '-e', program])
  await children.kill(supervisor)
  const left = path.join(folder, 'left-behind.pid')
  copyFileSync(`${dataDir}.pid`, left)
  expect(findRunning(left)).not.toBeNull() // otherwise there is nothing to clean up

  const redis = await start({ dataDir, port })
  expect(findRunning(left)).toBeNull()
  expect(await withConnection(redis.url, (connection) => connection.ping())).toBe('PONG')
})

test('a port in use is reported in one sentence', async () => {
  const port = await claimPort()
  await start({ dataDir: path.join(folder, 'one'), port })
  const second = start({ dataDir: path.join(folder, 'two'), port })
  await expect(second).rejects.toThrow(
    new RegExp(`^Redis did not start on port ${port}, see .*two\\.log: .*`),
  )
})
