import { Writable } from 'node:stream'
import type pg from 'pg'
import { expect, inject, test } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createRedis } from '../redis/redis.ts'
import { createWatchers, redisIsThere } from '../testing.ts'
import { gatherWrites } from './gather-writes.ts'
import { createPool } from './pool.ts'

/** Counts writes to the system. */
function countWrites(socket: Writable): string[] {
  const sent: string[] = []
  const one = socket._write.bind(socket)
  const many = socket._writev?.bind(socket)
  socket._write = (chunk, encoding, callback) => {
    sent.push(String(chunk))
    one(chunk, encoding, callback)
  }
  socket._writev = (chunks, callback) => {
    sent.push(chunks.map(({ chunk }) => String(chunk)).join(''))
    if (many) many(chunks, callback)
    else callback()
  }
  return sent
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('writes of one tick are sent at its end, in one piece and in order, including the last', async () => {
  const socket = new Writable({ write: (_chunk, _encoding, callback) => callback() })
  const sent = countWrites(socket)
  gatherWrites(socket)
  socket.write('a')
  await Promise.resolve().then(() => socket.write('b'))
  socket.write('c')
  expect(sent).toEqual([])
  await turn()
  expect(sent).toEqual(['abc'])
  socket.write('d')
  socket.end('e')
  await turn()
  expect(sent.join('')).toBe('abcde')
  expect(socket.writableFinished).toBe(true)
})

test('a transaction that does not await its statements is one write', async () => {
  const logger = createLogger({ service: 'test', level: 'silent' })
  const pool = createPool({
    databaseUrl: inject('postgresUrl'),
    login: 'password',
    max: 1,
    logger,
    name: 'gathered',
  })
  const client = await pool.connect()
  const sent = countWrites((client as pg.PoolClient & { connection: { stream: Writable } }).connection.stream)
  const answers = await Promise.all([
    client.query('begin'),
    client.query('select $1::int as number', [1]),
    client.query('select $1::int as number', [2]),
    client.query('commit'),
  ])
  expect(answers.map(({ command, rows }) => [command, ...rows])).toEqual([
    ['BEGIN'],
    ['SELECT', { number: 1 }],
    ['SELECT', { number: 2 }],
    ['COMMIT'],
  ])
  expect(sent).toHaveLength(1)
  client.release()
  await pool.end()
})

test('Redis commands of one tick are one write, also from several callers', async () => {
  const watchers = createWatchers()
  const redis = createRedis({ ...watchers, url: inject('redisUrl'), timeoutMs: 30_000, use: 'test' })
  await redisIsThere(watchers.metrics)
  const sent = countWrites((redis as unknown as { stream: Writable }).stream)
  expect(await Promise.all(['a', 'b', 'c'].map((word) => redis.echo(word)))).toEqual(['a', 'b', 'c'])
  expect(sent).toHaveLength(1)
  redis.disconnect()
})
