import { defineRoute, Refusal } from '@boxoffice/contracts'
import { pause } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { withCorrelationId } from './context.ts'
import { createInternalClient } from './internal-client.ts'
import { createMetrics } from './metrics.ts'
import { refuse } from './refusal.ts'
import { createGuard, type Guard, type Policy, policies, policiesWith, type ServiceUnavailable } from './resilience.ts'
import { createServiceIdentity } from './service-identity.ts'
import { createTestAuthority, startPeer } from './testing.ts'

const routes = {
  ask: defineRoute({
    method: 'GET',
    path: '/api/peer/internal/ask',
    summary: 'Ask',
    access: { services: ['payment-service'] },
    responses: { 200: z.object({ calls: z.int(), correlationId: z.string() }), 409: Refusal },
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
      if ((await behaviour(calls)) === 'refuse') return refuse(409, 'NO', 'no')
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
  breaker: { volumeThreshold: 4, errorPercent: 50, openMs: 60_000 },
  retry: { attempts: 3, firstWaitMs: 1 },
}
/** A guard that is closed when the test is over. */
function guardOf(...args: Parameters<typeof createGuard>): Guard {
  const guard = createGuard(...args)
  open.push(guard)
  return guard
}
function clientWith(
  policy: Policy,
  { baseUrl = peer.url, responseTimeoutMs }: { baseUrl?: string; responseTimeoutMs?: number } = {},
) {
  const guard = guardOf('tickets', policy, createMetrics('payment-service'))
  const limit = responseTimeoutMs && { responseTimeoutMs }
  const client = createInternalClient(routes, { callee: 'tickets', baseUrl, identity, guard, policy, ...limit })
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
  test('is made again when the callee breaks, and not when it refuses', async () => {
    behaviour = async (call) => (call < 3 ? Promise.reject(new Error('broken')) : 'answer')
    expect(await clientWith(quick).ask({})).toMatchObject({ status: 200, body: { calls: 3 } })
    calls = 0
    behaviour = async () => 'refuse'
    expect(await clientWith(quick).ask({})).toMatchObject({ status: 409, body: { error: 'NO' } })
    expect(calls).toBe(1)
  })
  test('that is not answered in time may have been made', async () => {
    behaviour = () => new Promise(() => {})
    const once = { ...quick, retry: { attempts: 1, firstWaitMs: 1 } }
    const error = await failure(clientWith(once, { responseTimeoutMs: 100 }).ask({}))
    expect(error).toMatchObject({ reason: 'TIMEOUT', sent: true })
  })
  test('that finds nobody was certainly not made', async () => {
    const gone = await startPeer(routes, { ask: async () => refuse(409, 'NO', 'no') })
    await gone.close()
    expect(await failure(clientWith(quick, { baseUrl: gone.url }).ask({}))).toMatchObject({ reason: 'CONNECTION', sent: false })
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
  test('does not open for refusals', async () => {
    const client = clientWith(quick)
    behaviour = async () => 'refuse'
    for (let n = 0; n < 20; n++) expect((await client.ask({})).status).toBe(409)
  })
  test('counts an answer that is too slow as a failure, while its caller still gets it', async () => {
    const guard = guardOf(
      'gateway',
      { breaker: { volumeThreshold: 1, errorPercent: 1, openMs: 60_000, slowMs: 0 } },
      createMetrics('x'),
    )
    const slow = async () => {
      await pause(5)
      return 'late'
    }
    expect(await guard('charge', slow)).toBe('late')
    expect(guard.state()).toBe('DEGRADED')
    expect(await failure(guard('charge', slow))).toMatchObject({ reason: 'BREAKER_OPEN' })
  })
})

test('a bulkhead lets so many through, and tells the others after a while', async () => {
  const policy: Policy = { ...quick, bulkhead: { concurrent: 2, waitMs: 10 } }
  const guard = guardOf('gateway', policy, createMetrics('x'))
  const done: (() => void)[] = []
  const held = [1, 2].map(() => guard('charge', () => new Promise<void>((resolve) => done.push(resolve))))
  expect(await failure(guard('charge', async () => {}))).toMatchObject({ reason: 'BULKHEAD_FULL', sent: false })
  for (const finish of done) finish()
  await Promise.all(held)
  expect(await failure(guard('charge', async () => {}))).toBeNull()
})

test('a rate is kept: what is over it is refused before it is sent', async () => {
  const guard = guardOf('gateway', { ...quick, ratePerSecond: 3 }, createMetrics('x'))
  const answers = await Promise.all(Array.from({ length: 10 }, () => failure(guard('charge', async () => {}))))
  expect(answers.filter((answer) => answer === null)).toHaveLength(3)
  expect(answers.filter((answer) => answer?.reason === 'RATE_LIMITED' && !answer.sent)).toHaveLength(7)
})

test('every figure of the table can be replaced', () => {
  const changed = policiesWith({ gateway: { ratePerSecond: 500, breaker: { openMs: 1 } } })
  expect(changed.gateway).toEqual({
    ...policies.gateway,
    ratePerSecond: 500,
    breaker: { ...policies.gateway.breaker, openMs: 1 },
  })
  expect(changed.tickets).toEqual(policies.tickets)
})
