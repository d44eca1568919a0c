import { describe, expect, test } from 'vitest'
import { policies } from './policies.ts'
import { everyFigure, policiesWith, redisAlone, resilience } from './settings.ts'

const callees = {
  ...redisAlone,
  tickets: everyFigure,
  auth: ['bulkhead'],
  gateway: ['bulkhead', 'ratePerSecond'],
  mail: ['firstWait'],
} as const
const settings = resilience(callees)
const read = (overrides: object) => settings.parse(JSON.stringify(overrides))
const refusal = (overrides: object) =>
  settings.safeParse(JSON.stringify(overrides)).error?.issues.map(({ message }) => message)

test('every figure of the table can be overridden', () => {
  const changed = read({
    gateway: { ratePerSecond: 500, breaker: { openMs: 1 } },
    mail: { retry: { firstWaitMs: 1 } },
  })
  expect(changed.gateway).toEqual({
    ...policies.gateway,
    ratePerSecond: 500,
    breaker: { ...policies.gateway.breaker, openMs: 1 },
  })
  expect(changed.mail.retry).toEqual({ firstWaitMs: 1 })
  expect(changed.tickets).toEqual(policies.tickets)
})

test('without the variable the table applies, for these callees and the figures they use', () => {
  const { redis, tickets, gateway, mail, auth } = policies
  const { retry: _, ...asked } = auth
  const { bulkhead: __, rateWaitMs: ___, ...written } = mail
  expect(settings.parse(undefined)).toEqual({ redis, tickets, gateway, mail: written, auth: asked })
  expect(policiesWith({ auth: everyFigure }).auth).toEqual(auth)
})

describe('refuses a setting that nothing reads', () => {
  test.each([
    [
      'a callee that is not called',
      { sms: {} },
      /sms is not read; there is: redis, tickets, auth, gateway, mail/,
    ],
    ['an unused figure', { gateway: { retry: { attempts: 2, firstWaitMs: 1 } } }, /retry is not read/],
    [
      'attempts of a row that becomes due again',
      { mail: { retry: { attempts: 5, firstWaitMs: 1 } } },
      /attempts is not read/,
    ],
    [
      'a time-out with its own variable',
      { gateway: { responseTimeoutMs: 1 } },
      /responseTimeoutMs is not read/,
    ],
    [
      'the old name of a minimum',
      { tickets: { breaker: { volumeThreshold: 5 } } },
      /volumeThreshold is now minimumCalls/,
    ],
    [
      'the old name of a rate',
      { tickets: { breaker: { errorPercent: 5 } } },
      /errorPercent is now failurePercent/,
    ],
    [
      'a minimum above the window',
      { tickets: { breaker: { minimumCalls: 21 } } },
      /minimumCalls is more than windowCalls/,
    ],
    [
      'a limit for slow calls without a rate',
      { tickets: { breaker: { slowMs: 100 } } },
      /slowMs and slowPercent/,
    ],
    ['zero trial calls', { tickets: { breaker: { trialCalls: 0 } } }, /./],
  ])('%s', (_what, overrides, message) => {
    expect(refusal(overrides)?.join()).toMatch(message)
  })
  test('and invalid JSON', () => {
    expect(settings.safeParse('{').error?.issues[0]?.message).toBe('must be JSON')
  })
})
