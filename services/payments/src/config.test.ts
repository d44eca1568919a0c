import { queues } from '@boxoffice/contracts'
import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { RENEWALS } from './saga/drive.ts'

const { environment } = await createTestAuthority()
const needed = {
  ...withoutPatience(environment('payment-service')),
  ...{ DATABASE_URL: 'postgres://x@127.0.0.1/x', AWS_ACCOUNT_ID: '000000000000' },
  ...{ STRIPE_SECRET_KEY: 'sk', STRIPE_WEBHOOK_SECRET: 'whsec' },
}

test('the patience of a queued order must be shorter than the limit of an unknown payment', () => {
  const limit = { ...needed, PAYMENT_UNKNOWN_LIMIT_SECONDS: '300' }
  expect(() => loadConfig({ ...limit, ORDER_QUEUE_PATIENCE_SECONDS: '300' })).toThrow(
    /must be less than PAYMENT_UNKNOWN_LIMIT_SECONDS[\s\S]*ORDER_QUEUE_PATIENCE_SECONDS/,
  )
  expect(loadConfig({ ...limit, ORDER_QUEUE_PATIENCE_SECONDS: '299' }).orderQueuePatienceMs).toBe(299_000)
})

test('orders are accepted for later unless configured otherwise', () => {
  expect(loadConfig(needed).orderQueue).toBe(true)
  expect(loadConfig({ ...needed, ORDER_QUEUE: 'off' }).orderQueue).toBe(false)
})

test('each timeout exceeds what it waits for: statements, gateway, leases and checkout', () => {
  const config = loadConfig(needed)
  const { lockTimeoutMs, statementTimeoutMs } = config.databaseLimits
  expect(lockTimeoutMs).toBeLessThan(statementTimeoutMs)
  const { leaseMs } = config
  expect(config.stripe.timeoutMs).toBeLessThan(leaseMs)
  expect(config.sagaPollMs).toBeLessThan(leaseMs / RENEWALS)
  expect(RENEWALS).toBeGreaterThan(2)
  for (const queue of ['payment-processing-queue', 'order-commands.fifo'] as const) {
    expect(statementTimeoutMs).toBeLessThan(queues[queue].visibilitySeconds * 1_000)
    expect(leaseMs).toBeLessThan(queues[queue].visibilitySeconds * 1_000)
  }
  expect(config.holderNameTimeoutMs).toBeLessThan(config.checkoutWaitMs)
  expect(config.webhookPollMs).toBeLessThan(config.ticketsPatienceMs)
  expect(config.sagaRetryMaxMs).toBeLessThan(config.orderQueuePatienceMs)
  expect(config.orderQueuePatienceMs).toBeLessThan(config.paymentUnknownLimitMs)
})
