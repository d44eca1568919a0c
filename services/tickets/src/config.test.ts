import { generateKeyPairSync } from 'node:crypto'
import { queues } from '@boxoffice/contracts'
import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const authority = await createTestAuthority()
const load = (changes: Record<string, string> = {}) =>
  loadConfig({
    ...withoutPatience(authority.environment('ticket-service')),
    DATABASE_URL: 'postgres://127.0.0.1/tickets',
    REDIS_URL: 'redis://127.0.0.1',
    TICKET_SIGNING_KEY: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'tickets-2027' }),
    ...changes,
  })

test('other keys of codes are optional, and may be none', () => {
  expect(load().ticketPreviousPublicKeys).toEqual([])
  expect(load({ TICKET_PREVIOUS_PUBLIC_KEYS: '{"keys":[]}' }).ticketPreviousPublicKeys).toEqual([])
  const earlier = { ...publicKey.export({ format: 'jwk' }), kid: 'tickets-2026' }
  expect(
    load({ TICKET_PREVIOUS_PUBLIC_KEYS: JSON.stringify({ keys: [earlier] }) }).ticketPreviousPublicKeys,
  ).toEqual([earlier])
  expect(() => load({ TICKET_PREVIOUS_PUBLIC_KEYS: JSON.stringify(earlier) })).toThrow(
    /TICKET_PREVIOUS_PUBLIC_KEYS/,
  )
})

test('Redis keeps an event longer than the longest hold that can be configured', () => {
  const { holdTtlSeconds, claimTtlSeconds, availabilityCacheTtlMs } = load({
    HOLD_TTL_SECONDS: '86400',
    CLAIM_TTL_SECONDS: '86400',
    AVAILABILITY_CACHE_DAYS: '2',
  })
  expect(0.9 * availabilityCacheTtlMs).toBeGreaterThan(
    1.5 * 1_000 * Math.max(holdTtlSeconds, claimTtlSeconds),
  )
  expect(() => load({ HOLD_TTL_SECONDS: '86401' })).toThrow(/HOLD_TTL_SECONDS/)
  expect(() => load({ CLAIM_TTL_SECONDS: '86401' })).toThrow(/CLAIM_TTL_SECONDS/)
  expect(() => load({ AVAILABILITY_CACHE_DAYS: '1' })).toThrow(/AVAILABILITY_CACHE_DAYS/)
})

test('each timeout exceeds what it waits for: Redis, locks, statements, visibility, sweeps and holds', () => {
  const config = load()
  const { lockTimeoutMs, statementTimeoutMs } = config.databaseLimits
  expect(config.redisTimeoutMs).toBeLessThan(lockTimeoutMs)
  expect(config.seatMutexWaitMs).toBeLessThan(statementTimeoutMs)
  expect(lockTimeoutMs).toBeLessThan(statementTimeoutMs)
  expect(statementTimeoutMs).toBeLessThan(queues['ticket-processing-queue'].visibilitySeconds * 1_000)
  expect(config.seatMapCacheMs).toBeLessThanOrEqual(config.offerCacheMs)
  expect(config.reconcileMs).toBeLessThanOrEqual(config.expirySweepMs)
  expect(config.expirySweepMs).toBeLessThan(config.holdTtlSeconds * 1_000)
  expect(config.holdTtlSeconds).toBeLessThanOrEqual(config.claimTtlSeconds)
})
