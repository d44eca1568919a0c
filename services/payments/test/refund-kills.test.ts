import { randomUUID } from 'node:crypto'
import { type OrderId, refundProcessed } from '@boxoffice/contracts'
import type { CrashPoint } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishKeys, startProcess } from './process.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId } from './stubs.ts'

const points = [
  'refund.requested',
  'refund.after-cancel',
  'refund.after-gateway',
  'refund.before-commit',
] as const
let payments: TestService
let keys: Awaited<ReturnType<typeof publishKeys>>
beforeAll(async () => {
  payments = await startService()
  keys = await publishKeys(payments.authority)
  payments.catalog.events.set(eventId, { refundableUntil: new Date(Date.now() + 86_400_000) })
})
afterAll(async () => {
  await keys.close()
  await payments.stop()
})

const ask = (url: string, orderId: OrderId, key: string) =>
  fetch(`${url}/api/payments/orders/${orderId}/refund`, {
    method: 'POST',
    headers: { ...payments.buyer.headers, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ reason: 'I am ill' }),
  })

/**
 * A confirmed order, and an instance that dies at `point` and takes up what others have left only as it
 * starts.
 */
async function begin(point: CrashPoint) {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.publishTicketsGenerated(orderId)
  await payments.becomes(orderId, 'CONFIRMED')
  const instance = await startProcess(payments, {
    AUTH_URL: keys.url,
    CRASH_AT: point,
    SAGA_POLL_MS: '3600000',
  })
  return { point, orderId, instance, key: randomUUID() }
}
type Begun = Awaited<ReturnType<typeof begin>>

/** The instance takes the request and dies of it. */
async function die({ orderId, instance, key }: Begun): Promise<void> {
  await expect(ask(instance.url, orderId, key)).rejects.toThrow('fetch failed')
  expect(await instance.ended).toEqual([null, 'SIGKILL'])
}

/** Another one ends what it began. */
async function isRefundedOnce({ point, orderId, key }: Begun): Promise<void> {
  await until(async () => expect((await payments.order(orderId)).status).toBe('REFUNDED'))
  expect(await payments.moneyOf(orderId), point).toMatchObject({ captured: 10_000, refunded: 10_000 })
  expect(payments.stub.priceOfValid(orderId)).toBe(0)
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)

  // The dead one's hold on the key ends after half a minute: the test does not wait for that.
  await payments.deps.pool.query(
    `update idempotency_keys set leased_until = now() - interval '1 second' where key = $1`,
    [key],
  )
  const again = await ask(payments.url, orderId, key)
  expect(again.status).toBe(202)
  const { rows } = await payments.deps.pool.query(
    'select refund_id, status from refunds where order_id = $1',
    [orderId],
  )
  expect(rows).toEqual([
    { refund_id: ((await again.json()) as { refundId: string }).refundId, status: 'SUCCEEDED' },
  ])
}

test('killed at every point, a refund is made once, and is the same if repeated with its key', async () => {
  const begun = await Promise.all(points.map(begin))
  await Promise.all(begun.map(die))
  // The leases of the dead are waited for as they would be, but shorter.
  await payments.deps.pool.query(
    `update sagas set leased_until = clock_timestamp() - interval '1 second'
     where leased_until > clock_timestamp()`,
  )
  await Promise.all(begun.map(isRefundedOnce))
})
