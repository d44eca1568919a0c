import { randomUUID } from 'node:crypto'
import { until } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { policies } from '../resilience/policies.ts'
import { createWatchers } from '../testing.ts'
import { createRevocations, type Revocations } from './revocations.ts'

const open: Revocations[] = []
afterEach(() => {
  for (const revocations of open.splice(0)) revocations.close()
})
const start = (url: string | undefined) => {
  const breaker = { ...policies.redis.breaker, openMs: 20 }
  const revocations = createRevocations({ ...createWatchers(), url, policy: { breaker } })
  open.push(revocations)
  return revocations
}

test('a session that one service ended is known to another, for as long as a token can live', async () => {
  const [here, there] = [start(inject('redisUrl')), start(inject('redisUrl'))]
  const [ended, other] = [randomUUID(), randomUUID()]
  await until(async () => {
    await here.revoke([ended], 600_000) // the first one may run before the connection is up
    expect(await there.isRevoked(ended)).toBe(true)
  })
  expect(await there.isRevoked(other)).toBe(false)
  const redis = new Redis(inject('redisUrl'))
  const leftMs = await redis.pttl(`auth:revoked:${ended}`)
  redis.disconnect()
  expect(leftMs).toBeGreaterThan(600_000 - 10_000)
  expect(leftMs).toBeLessThanOrEqual(610_000)
})

test('the queries of one tick are one, and each gets its own answer', async () => {
  const revocations = start(inject('redisUrl'))
  const [ended, other] = [randomUUID(), randomUUID()]
  await until(async () => {
    await revocations.revoke([ended], 600_000)
    expect(await revocations.isRevoked(ended)).toBe(true)
  })
  const ask = vi.spyOn(Redis.prototype, 'mget')
  const answers = await Promise.all([ended, other, ended].map((session) => revocations.isRevoked(session)))
  expect(answers).toEqual([true, false, true])
  expect(ask.mock.calls).toEqual([[[`auth:revoked:${ended}`, `auth:revoked:${other}`]]])
  ask.mockRestore()
})

test('while Redis is unavailable no one is refused, and nothing waits for it', async () => {
  for (const url of ['redis://127.0.0.1:1', undefined]) {
    const revocations = start(url)
    await revocations.revoke([randomUUID()], 600_000)
    expect(await revocations.isRevoked(randomUUID())).toBe(false)
  }
})
