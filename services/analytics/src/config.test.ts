import { queues } from '@boxoffice/contracts'
import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { projectedQueues } from './lag/lag.ts'
import { REBUILD_LEASE_SECONDS } from './rebuilds/rebuild-repository.ts'

const { environment } = await createTestAuthority()
const needed = {
  ...withoutPatience(environment('analytics-service')),
  DATABASE_URL: 'postgres://127.0.0.1/analytics',
}

test('each timeout exceeds what it waits for: statements, leases, visibility, and cached reads', () => {
  const { databaseLimits, rebuildPollMs, rebuildPauseMs, cacheRefreshMs, cacheSeconds } = loadConfig(needed)
  expect(databaseLimits.lockTimeoutMs).toBeLessThan(databaseLimits.statementTimeoutMs)
  for (const queue of projectedQueues) {
    expect(databaseLimits.statementTimeoutMs).toBeLessThan(queues[queue].visibilitySeconds * 1_000)
  }
  const leaseMs = REBUILD_LEASE_SECONDS * 1_000
  expect(databaseLimits.statementTimeoutMs).toBeLessThan(leaseMs)
  expect(rebuildPollMs).toBeLessThan(leaseMs)
  expect(rebuildPauseMs).toBeLessThan(leaseMs)
  expect(cacheRefreshMs).toBeLessThan(cacheSeconds * 1_000)
})
