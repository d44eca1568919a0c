import { queues } from '@boxoffice/contracts'
import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const { environment } = await createTestAuthority()
const { privateKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
const needed = {
  ...withoutPatience(environment('notification-service')),
  DATABASE_URL: 'postgres://127.0.0.1/notifications',
  NOTIFICATIONS_PRIVATE_KEY: JSON.stringify(await exportJWK(privateKey)),
  FROM_EMAIL_ADDRESS: 'tickets@boxoffice.example',
}

test('timeouts nest: statements within visibility, SES within leases', () => {
  const { delivery, ses, sms, databaseLimits } = loadConfig(needed)
  expect(databaseLimits.lockTimeoutMs).toBeLessThan(databaseLimits.statementTimeoutMs)
  for (const queue of ['notification-queue', 'mail-feedback-queue'] as const) {
    expect(databaseLimits.statementTimeoutMs).toBeLessThan(queues[queue].visibilitySeconds * 1_000)
  }
  for (const { timeoutMs } of [ses, sms]) {
    expect(delivery.pollMs).toBeLessThan(timeoutMs)
    // The lease is renewed before a mail is handed over, so it has to outlast that and the recording of the
    // result.
    expect(timeoutMs + databaseLimits.statementTimeoutMs).toBeLessThan(delivery.leaseMs)
  }
})
