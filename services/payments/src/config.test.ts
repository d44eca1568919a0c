import { createTestAuthority } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const { environment } = await createTestAuthority()
const needed = {
  ...environment('payment-service'),
  ...{ DATABASE_URL: 'postgres://x@127.0.0.1/x', AWS_ACCOUNT_ID: '000000000000' },
  ...{ STRIPE_SECRET_KEY: 'sk', STRIPE_WEBHOOK_SECRET: 'whsec' },
}

test('an order that waits may not be more patient than it may live', () => {
  const limit = { ...needed, PAYMENT_UNKNOWN_LIMIT_SECONDS: '300' }
  expect(() => loadConfig({ ...limit, ORDER_QUEUE_PATIENCE_SECONDS: '300' })).toThrow(
    /must be less than PAYMENT_UNKNOWN_LIMIT_SECONDS[\s\S]*ORDER_QUEUE_PATIENCE_SECONDS/,
  )
  expect(loadConfig({ ...limit, ORDER_QUEUE_PATIENCE_SECONDS: '299' }).orderQueuePatienceMs).toBe(299_000)
})

test('orders are accepted for later unless it is said that they are not', () => {
  expect(loadConfig(needed).orderQueue).toBe(true)
  expect(loadConfig({ ...needed, ORDER_QUEUE: 'off' }).orderQueue).toBe(false)
})
