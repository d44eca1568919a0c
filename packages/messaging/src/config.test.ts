import { type Queue, queues } from '@boxoffice/contracts'
import { baseEnvironment } from '@boxoffice/service-kit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SNS_TIMEOUT_MS, SQS_TIMEOUT_MS } from './aws.ts'
import { messagingConfig, messagingEnvironment } from './config.ts'

test('each timeout is longer than what it waits for: polls, SNS and SQS calls, leases and visibility', () => {
  const leaseSeconds = baseEnvironment.LEASE_SECONDS.parse(undefined)
  const config = messagingConfig(z.object(messagingEnvironment).parse({ AWS_ACCOUNT_ID: '000000000000' }))
  expect(config.waitSeconds * 1_000).toBeLessThan(SQS_TIMEOUT_MS)
  expect(SNS_TIMEOUT_MS).toBeLessThan(leaseSeconds * 1_000)
  for (const [name, { visibilitySeconds, retryAfterSeconds = [] }] of Object.entries(queues) as [
    string,
    Queue,
  ][]) {
    expect(leaseSeconds, name).toBeLessThan(visibilitySeconds)
    expect(Math.max(0, ...retryAfterSeconds), name).toBeLessThan(visibilitySeconds)
  }
})
