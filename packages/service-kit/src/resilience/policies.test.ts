import { expect, test } from 'vitest'
import { policies } from './policies.ts'

// The figures of the reference (`002`, "Service-Specific Circuit Breaker Settings" and what follows), as
// quoted there.

test.each([
  ['auth', [10, 5, 50, 30_000, 3], { attempts: 3, firstWaitMs: 1_000 }, undefined],
  ['tickets', [20, 10, 40, 60_000, 5], { attempts: 3, firstWaitMs: 500 }, { concurrent: 50, waitMs: 500 }],
  ['gateway', [15, 8, 30, 45_000, 4], undefined, { concurrent: 20, waitMs: 1_000 }],
  ['mail', [10, 5, 60, 60_000, 3], { firstWaitMs: 1_000 }, { concurrent: 100, waitMs: 100 }],
  ['events', [10, 5, 50, 30_000, 3], { attempts: 3, firstWaitMs: 500 }, undefined],
] as const)('%s has the breaker of the reference', (callee, breaker, retry, bulkhead) => {
  const policy = policies[callee]
  const { windowCalls, minimumCalls, failurePercent, openMs, trialCalls } = policy.breaker
  expect([windowCalls, minimumCalls, failurePercent, openMs, trialCalls]).toEqual(breaker)
  expect(policy.retry).toEqual(retry)
  expect(policy.bulkhead).toEqual(bulkhead)
})

test('slow calls count as in the reference, and the gateway has its rate', () => {
  expect(policies.events.breaker).toMatchObject({ slowMs: 2_000, slowPercent: 50 })
  expect(policies.gateway.breaker).toMatchObject({ slowMs: 5_000, slowPercent: 60 })
  expect(policies.gateway).toMatchObject({ ratePerSecond: 50, rateWaitMs: 500 })
})

test('deliveries wait for the rate, if one is set, rather than becoming due again', () => {
  for (const callee of ['mail', 'sms', 'push', 'pushElsewhere'] as const)
    expect(policies[callee].rateWaitMs).toBe(5_000)
})
