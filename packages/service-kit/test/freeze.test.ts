import { defineRoute } from '@boxoffice/contracts'
import {
  callUntilOpen,
  callWhileHealthy,
  type Freezable,
  type Pace,
  startFreezable,
  until,
} from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createInternalClient } from '../src/http/internal-client.ts'
import { createServiceIdentity } from '../src/identity/service-identity.ts'
import { policies } from '../src/resilience/policies.ts'
import { createTestAuthority, createWatchers, recordLogs } from '../src/testing.ts'

// A callee that accepts calls and hangs: a stopped process.
const routes = {
  ask: defineRoute({
    method: 'GET',
    path: '/api/peer/internal/ask',
    summary: 'Ask',
    access: { services: ['payment-service'] },
    responses: { 200: z.object({ here: z.boolean() }) },
  }),
} as const
const TIMEOUT_MS = 100

let peer: Freezable
let identity: ReturnType<typeof createServiceIdentity>
beforeAll(async () => {
  const authority = await createTestAuthority()
  identity = createServiceIdentity(
    'payment-service',
    JSON.parse(authority.environment('payment-service').SERVICE_PRIVATE_KEY ?? ''),
  )
  peer = await startFreezable({ contentType: 'application/json', body: '{"here":true}' })
})
afterAll(() => peer.end())

/** A client of the peer as this callee, with the callee's breaker except for the time it stays open. */
function clientOf(callee: 'auth' | 'tickets', openMs = 60_000) {
  const { logger, lines } = recordLogs()
  const watchers = { ...createWatchers(), logger }
  const policy = { breaker: { ...policies[callee].breaker, openMs }, responseTimeoutMs: TIMEOUT_MS }
  const client = createInternalClient(routes, { ...watchers, callee, baseUrl: peer.url, identity, policy })
  const ask = () =>
    client.ask({}).then(
      () => true,
      () => false,
    )
  const state = () => watchers.health.components()[callee]?.check()
  const opened = () => lines().find(({ msg }) => msg === 'breaker opened: calls are not made')
  return { client, ask, state, opened }
}

describe.each(['auth', 'tickets'] as const)('%s, frozen', (callee) => {
  const { minimumCalls, windowCalls } = policies[callee].breaker

  test.each(['trickle', 'stream', 'burst'] as const)(
    'at once, by a %s: the breaker opens after the minimum of calls',
    async (pace) => {
      const { client, ask, state, opened } = clientOf(callee)
      await peer.freeze()
      const asked = await callUntilOpen(pace, ask, () => opened() !== undefined)
      expect(opened()).toMatchObject({ callee, calls: minimumCalls, failed: minimumCalls })
      if (pace !== 'stream')
        expect(asked).toBe({ trickle: minimumCalls, burst: 12 }[pace as Exclude<Pace, 'stream'>])
      expect(await state()).toBe('DEGRADED')
      peer.thaw()
      await client.close()
    },
  )
  test.each(['trickle', 'stream'] as const)(
    'after a hundred good calls, by a %s: the share of the window is enough',
    async (pace) => {
      const { client, ask, opened } = clientOf(callee)
      await callWhileHealthy(ask, windowCalls)
      await peer.freeze()
      await callUntilOpen(pace, ask, () => opened() !== undefined)
      expect(opened()).toMatchObject({ calls: windowCalls, failed: { auth: 5, tickets: 8 }[callee] })
      peer.thaw()
      await client.close()
    },
  )
  test('and back: the trials close it', async () => {
    const { client, ask, state, opened } = clientOf(callee, 20)
    await peer.freeze()
    await callUntilOpen('burst', ask, () => opened() !== undefined)
    peer.thaw()
    await until(async () => {
      await ask()
      expect(await state()).toBe('UP')
    })
    await client.close()
  })
})
