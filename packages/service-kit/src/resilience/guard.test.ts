import { defineRefusal, defineRoute } from '@boxoffice/contracts'
import { pause, until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createInternalClient } from '../http/internal-client.ts'
import { refuse } from '../http/refusal.ts'
import { createServiceIdentity } from '../identity/service-identity.ts'
import { withCorrelationId } from '../operations/context.ts'
import type { Logger } from '../operations/logging.ts'
import { createTestAuthority, createWatchers, recordLogs, startPeer } from '../testing.ts'
import { createGuard, type Guard } from './guard.ts'
import type { Policy } from './policies.ts'
import type { ServiceUnavailable } from './unavailable.ts'

const NO = defineRefusal('NO', 409, 'no')
const routes = {
  ask: defineRoute({
    method: 'GET',
    path: '/api/peer/internal/ask',
    summary: 'Ask',
    access: { services: ['payment-service'] },
    responses: { 200: z.object({ calls: z.int(), correlationId: z.string() }) },
    refusals: [NO],
  }),
} as const

let behaviour: (call: number) => Promise<'answer' | 'refuse'>
let calls = 0
let peer: Awaited<ReturnType<typeof startPeer>>
let identity: ReturnType<typeof createServiceIdentity>

beforeAll(async () => {
  const authority = await createTestAuthority()
  const environment = authority.environment('payment-service')
  identity = createServiceIdentity('payment-service', JSON.parse(environment.SERVICE_PRIVATE_KEY ?? ''))
  peer = await startPeer(routes, {
    async ask({ requestId }) {
      calls++
      if ((await behaviour(calls)) === 'refuse') return refuse(NO)
      return { status: 200, body: { calls, correlationId: requestId } }
    },
  })
})
beforeEach(() => {
  calls = 0
  behaviour = async () => 'answer'
})
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})
afterAll(() => peer.close())

const quick: Policy = {
  breaker: { windowCalls: 10, minimumCalls: 4, failurePercent: 50, openMs: 60_000, trialCalls: 3 },
  retry: { attempts: 3, firstWaitMs: 1 },
}
/** A guard that is closed after the test. */
function guardOf(...args: Parameters<typeof createGuard>): Guard {
  const guard = createGuard(...args)
  open.push(guard)
  return guard
}
function clientWith(
  policy: Policy,
  {
    baseUrl = peer.url,
    responseTimeoutMs,
    ...seen
  }: { baseUrl?: string; responseTimeoutMs?: number; logger?: Logger } = {},
) {
  const limited = { ...policy, ...(responseTimeoutMs && { responseTimeoutMs }) }
  const client = createInternalClient(routes, {
    ...createWatchers(),
    ...seen,
    callee: 'tickets',
    baseUrl,
    identity,
    policy: limited,
  })
  open.push(client)
  return client
}
const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error as ServiceUnavailable,
  )

describe('an internal call', () => {
  test('carries the correlation id', async () => {
    const { body } = await withCorrelationId('corr-7', () => clientWith(quick).ask({}))
    expect(body).toMatchObject({ correlationId: 'corr-7' })
  })
  test('is retried if the callee fails, and not if it refuses', async () => {
    behaviour = async (call) => (call < 3 ? Promise.reject(new Error('broken')) : 'answer')
    expect(await clientWith(quick).ask({})).toMatchObject({ status: 200, body: { calls: 3 } })
    calls = 0
    behaviour = async () => 'refuse'
    expect(await clientWith(quick).ask({})).toMatchObject({ status: 409, body: { error: 'NO' } })
    expect(calls).toBe(1)
  })
  test('logs a failure with callee, operation, reason, attempt, and the wait before a retry', async () => {
    const { logger, lines } = recordLogs()
    const client = clientWith(quick, { logger })
    behaviour = async (call) => (call < 3 ? Promise.reject(new Error('broken')) : 'answer')
    await withCorrelationId('corr-8', () => client.ask({}))
    const about = {
      level: 'warn',
      callee: 'tickets',
      operation: 'ask',
      reason: 'ANSWER',
      correlationId: 'corr-8',
      attempts: 3,
    }
    const warnings = lines().filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([
      {
        ...about,
        attempt: 1,
        waitMs: expect.any(Number),
        msg: 'call failed, will be retried (attempt 1 of 3)',
      },
      {
        ...about,
        attempt: 2,
        waitMs: expect.any(Number),
        msg: 'call failed, will be retried (attempt 2 of 3)',
      },
    ])
    const call = {
      msg: 'called',
      callee: 'tickets',
      operation: 'ask',
      ms: expect.any(Number),
      correlationId: 'corr-8',
    }
    expect(lines().filter(({ msg }) => msg === 'called')).toMatchObject([
      { ...call, outcome: 'ANSWER' },
      { ...call, outcome: 'ANSWER' },
      { ...call, outcome: 'answered' },
    ])
    expect(lines().at(-1)).toMatchObject({ msg: 'call answered (attempt 3 of 3)', attempt: 3 })
  })
  test('logs the last failure too, with a time-out as reason, and the breaker opening once', async () => {
    const { logger, lines } = recordLogs()
    const once = { breaker: quick.breaker }
    const client = clientWith(once, { logger, responseTimeoutMs: 50 })
    behaviour = () => new Promise(() => {})
    await Promise.all(Array.from({ length: 4 }, () => failure(client.ask({}))))
    for (let n = 0; n < 3; n++)
      expect(await failure(client.ask({}))).toMatchObject({ reason: 'BREAKER_OPEN' })
    const messages = lines().flatMap(({ level, msg }) => (level === 'warn' ? [msg] : []))
    expect(messages.filter((msg) => msg === 'call failed (attempt 1 of 1)')).toHaveLength(4)
    expect(messages.filter((msg) => msg === 'breaker opened: calls are not made')).toHaveLength(1)
    expect(messages).toHaveLength(5)
    expect(lines().find(({ msg }) => msg === 'call failed (attempt 1 of 1)')).toMatchObject({
      callee: 'tickets',
      reason: 'TIMEOUT',
    })
  })
  test('may have been executed if it timed out', async () => {
    behaviour = () => new Promise(() => {})
    const once = { ...quick, retry: { attempts: 1, firstWaitMs: 1 } }
    const error = await failure(clientWith(once, { responseTimeoutMs: 100 }).ask({}))
    expect(error).toMatchObject({ reason: 'TIMEOUT', sent: true })
  })
  test('has certainly not been executed if nothing listens', async () => {
    const gone = await startPeer(routes, { ask: async () => refuse(NO) })
    await gone.close()
    expect(await failure(clientWith(quick, { baseUrl: gone.url }).ask({}))).toMatchObject({
      reason: 'CONNECTION',
      sent: false,
    })
  })
})

describe('a breaker', () => {
  test('opens when too many calls fail, and then lets none through', async () => {
    const client = clientWith({ ...quick, retry: { attempts: 1, firstWaitMs: 1 } })
    behaviour = () => Promise.reject(new Error('broken'))
    for (let n = 0; n < 4; n++) expect(await failure(client.ask({}))).toMatchObject({ reason: 'ANSWER' })
    expect(await failure(client.ask({}))).toMatchObject({ reason: 'BREAKER_OPEN', sent: false })
    expect(calls).toBe(4)
  })
  test('stops the attempts of a call during which it opens', async () => {
    const client = clientWith({
      breaker: { ...quick.breaker, minimumCalls: 2 },
      retry: { attempts: 3, firstWaitMs: 1 },
    })
    behaviour = () => Promise.reject(new Error('broken'))
    expect(await failure(client.ask({}))).toMatchObject({ reason: 'BREAKER_OPEN', sent: false })
    expect(calls).toBe(2)
  })
  test('does not open for refusals', async () => {
    const client = clientWith(quick)
    behaviour = async () => 'refuse'
    for (let n = 0; n < 20; n++) expect((await client.ask({})).status).toBe(409)
  })
  test('counts a slow answer, which its caller still gets', async () => {
    const limits = { ...quick.breaker, minimumCalls: 1, slowMs: 0, slowPercent: 100 }
    const guard = guardOf('gateway', { breaker: limits }, createWatchers())
    const slow = async () => {
      await pause(5)
      return 'late'
    }
    expect(await guard('charge', slow)).toBe('late')
    expect(guard.state()).toBe('DEGRADED')
    expect(await failure(guard('charge', slow))).toMatchObject({ reason: 'BREAKER_OPEN' })
  })
  test('does not count calls that the caller aborted', async () => {
    const client = clientWith({ ...quick, retry: { attempts: 3, firstWaitMs: 1 } })
    behaviour = () => new Promise(() => {})
    for (let n = 0; n < 8; n++) {
      const signal = AbortSignal.timeout(5)
      expect(await failure(client.ask({ signal }))).toMatchObject({ reason: 'ABORTED' })
    }
    behaviour = async () => 'answer'
    expect((await client.ask({})).status).toBe(200)
  })
  test('refuses, when open, before it takes a permit or part of the rate', async () => {
    const breaker = { ...quick.breaker, openMs: 50 }
    const guard = guardOf('gateway', { breaker, ratePerSecond: 5 }, createWatchers())
    const call = () => Promise.reject(new Error('broken'))
    for (let n = 0; n < 4; n++) await failure(guard('charge', call))
    for (let n = 0; n < 20; n++)
      expect(await failure(guard('charge', call))).toMatchObject({ reason: 'BREAKER_OPEN' })
    await until(() => expect(guard('charge', async () => 'answer')).resolves.toBe('answer'))
  })
})

test('a bulkhead lets so many through, and refuses the others after a while', async () => {
  const policy: Policy = { ...quick, bulkhead: { concurrent: 2, waitMs: 10 } }
  const guard = guardOf('gateway', policy, createWatchers())
  const done: (() => void)[] = []
  const held = [1, 2].map(() => guard('charge', () => new Promise<void>((resolve) => done.push(resolve))))
  expect(await failure(guard('charge', async () => {}))).toMatchObject({
    reason: 'BULKHEAD_FULL',
    sent: false,
  })
  for (const finish of done) finish()
  await Promise.all(held)
  expect(await failure(guard('charge', async () => {}))).toBeNull()
})

test('a rate is kept: calls over it are refused before they are sent', async () => {
  const guard = guardOf('gateway', { ...quick, ratePerSecond: 3 }, createWatchers())
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => failure(guard('charge', async () => {}))),
  )
  expect(answers.filter((answer) => answer === null)).toHaveLength(3)
  expect(answers.filter((answer) => answer?.reason === 'RATE_LIMITED' && !answer.sent)).toHaveLength(7)
})

test('a rate below one lets one call go at a time', async () => {
  const guard = guardOf('gateway', { ...quick, ratePerSecond: 0.01 }, createWatchers())
  expect(await failure(guard('charge', async () => {}))).toBeNull()
  expect(await failure(guard('charge', async () => {}))).toMatchObject({ reason: 'RATE_LIMITED' })
})

test('a call waits for the rate as long as it may', async () => {
  const guard = guardOf('gateway', { ...quick, ratePerSecond: 3, rateWaitMs: 60_000 }, createWatchers())
  const answers = await Promise.all(Array.from({ length: 5 }, () => failure(guard('charge', async () => {}))))
  expect(answers).toEqual([null, null, null, null, null])
})
