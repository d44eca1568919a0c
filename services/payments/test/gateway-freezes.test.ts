import { randomUUID } from 'node:crypto'
import type { Currency, Minor, OrderId } from '@boxoffice/contracts'
import { createGuard, policies } from '@boxoffice/service-kit'
import { createWatchers, recordLogs } from '@boxoffice/service-kit/testing'
import { callUntilOpen, callWhileHealthy, type Freezable, startFreezable } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway } from '../src/gateway/gateway.ts'

const SLOW_MS = 100
const TIMEOUT_MS = 200

let stripe: Freezable
beforeAll(async () => {
  const intent = { id: 'pi_1', object: 'payment_intent', status: 'succeeded' }
  stripe = await startFreezable({ contentType: 'application/json', body: JSON.stringify(intent) })
})
afterAll(() => stripe.end())

/** The gateway behind its own guard, with shorter time-outs and no rate limit. */
function start() {
  const { logger, lines } = recordLogs()
  const policy = {
    ...policies.gateway,
    ratePerSecond: undefined,
    breaker: { ...policies.gateway.breaker, slowMs: SLOW_MS },
  }
  const guard = createGuard('gateway', policy, { ...createWatchers(), logger }, { timeoutMs: TIMEOUT_MS })
  const secrets = { secretKey: 'sk_test_1', webhookSecret: 'whsec_1' }
  const gateway = createGateway({ ...secrets, baseUrl: stripe.url, timeoutMs: TIMEOUT_MS, guard, logger })
  const charge = async () => {
    const order = { orderId: randomUUID() as OrderId, amount: 1_000 as Minor, currency: 'EUR' as Currency }
    const { outcome } = await gateway.charge({ ...order, key: randomUUID(), paymentToken: 'pm_card_visa' })
    return outcome === 'charged'
  }
  const failed = () => lines().filter(({ msg }) => msg === 'call failed')
  return {
    guard,
    charge,
    failed,
    opened: () => lines().find(({ msg }) => msg === 'breaker opened: calls are not made'),
  }
}

test.each([
  // The eighth that is in flight past the limit for slow ones; those before it have timed out by then.
  ['trickle', 8, { calls: 8, failed: 7, slow: 8 }],
  ['burst', 12, { calls: 8, failed: 0, slow: 8 }],
] as const)(
  'a gateway that is frozen: by a %s its breaker opens after the minimum of calls',
  async (pace, asked, figures) => {
    const { guard, charge, opened } = start()
    await stripe.freeze()
    expect(await callUntilOpen(pace, charge, () => opened() !== undefined)).toBe(asked)
    expect(opened()).toMatchObject({ callee: 'gateway', ...figures })
    expect(guard.state()).toBe('DEGRADED')
    stripe.thaw()
    guard.close()
  },
)

test('a gateway freezes after 100 good calls: five failures of the last 15 are 30 %', async () => {
  const { guard, charge, opened, failed } = start()
  await callWhileHealthy(charge, 15)
  await stripe.freeze()
  expect(await callUntilOpen('trickle', charge, () => opened() !== undefined)).toBe(5)
  expect(opened()).toMatchObject({ calls: 15, failed: 5 })
  const about = {
    callee: 'gateway',
    operation: 'charge',
    type: 'StripeConnectionError',
    orderId: expect.any(String),
  }
  expect(failed().slice(-5)).toMatchObject(Array(5).fill(about))
  stripe.thaw()
  guard.close()
})

test('a gateway freezes under load: calls in flight open its breaker before they time out', async () => {
  const { guard, charge, opened } = start()
  await callWhileHealthy(charge, 15)
  await stripe.freeze()
  await callUntilOpen('stream', charge, () => opened() !== undefined)
  const { calls, failed, slow } = opened() as { calls: number; failed: number; slow: number }
  expect(calls).toBe(15)
  expect(failed >= 5 || slow >= 9).toBe(true)
  stripe.thaw()
  guard.close()
})
