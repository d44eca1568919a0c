import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const authority = await createTestAuthority()
const complete = {
  ...withoutPatience(authority.environment('auth-service')),
  DATABASE_URL: 'postgres://127.0.0.1/auth',
  TOKEN_PRIVATE_KEY: JSON.stringify(authority.tokenKey),
  NOTIFICATIONS_PUBLIC_KEY: JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }),
}

test('without its secrets the service does not start, and says all that it misses at once', () => {
  const { TOKEN_PRIVATE_KEY: _, NOTIFICATIONS_PUBLIC_KEY: __, ...incomplete } = complete
  expect(() => loadConfig(incomplete)).toThrow(/TOKEN_PRIVATE_KEY.*NOTIFICATIONS_PUBLIC_KEY/s)
})

test('times are 10 minutes, 30 days, 10 seconds and 30 minutes where nothing else is said', () => {
  expect(loadConfig(complete)).toMatchObject({
    port: 8080,
    accessTokenTtlMs: 600_000,
    refreshTtlMs: 2_592_000_000,
    refreshGraceMs: 10_000,
    emailVerificationTtlMs: 1_800_000,
  })
})

test.each([
  ['REFRESH_GRACE_SECONDS', '11'],
  ['EMAIL_VERIFICATION_TTL_MINUTES', '31'],
  ['ACCESS_TOKEN_TTL_SECONDS', '601'],
  ['NOTIFICATIONS_PUBLIC_KEY', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' })],
])('%s is refused beyond what is safe', (name, value) => {
  expect(() => loadConfig({ ...complete, [name]: value })).toThrow(name)
})

test('what waits for something is longer than it: Redis, locks, statements, and the life of a token', () => {
  const { databaseLimits, redisTimeoutMs, refreshGraceMs, accessTokenTtlMs, refreshTtlMs } =
    loadConfig(complete)
  expect(redisTimeoutMs).toBeLessThan(databaseLimits.waitMs)
  expect(databaseLimits.lockTimeoutMs).toBeLessThan(databaseLimits.statementTimeoutMs)
  expect(refreshGraceMs).toBeLessThan(accessTokenTtlMs)
  expect(accessTokenTtlMs).toBeLessThan(refreshTtlMs)
})
