import { type Queue, queues } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SNS_TIMEOUT_MS, SQS_TIMEOUT_MS } from './aws.ts'
import { messagingConfig, messagingEnvironment } from './config.ts'
import { RELAY_LEASE_SECONDS } from './relay.ts'

test('what waits for something is longer than it: polls, answers of SNS and SQS, leases and visibility', () => {
  const config = messagingConfig(z.object(messagingEnvironment).parse({ AWS_ACCOUNT_ID: '000000000000' }))
  expect(config.waitSeconds * 1_000).toBeLessThan(SQS_TIMEOUT_MS)
  expect(SNS_TIMEOUT_MS).toBeLessThan(RELAY_LEASE_SECONDS * 1_000)
  for (const [name, { visibilitySeconds, retryAfterSeconds = [] }] of Object.entries(queues) as [string, Queue][]) {
    expect(RELAY_LEASE_SECONDS, name).toBeLessThan(visibilitySeconds)
    expect(Math.max(0, ...retryAfterSeconds), name).toBeLessThan(visibilitySeconds)
  }
})
