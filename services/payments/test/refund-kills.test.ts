import { randomUUID } from 'node:crypto'
import { type OrderId, refundProcessed } from '@boxoffice/contracts'
import type { CrashPoint } from '@boxoffice/service-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderIdOf, type Payments, startPayments } from './harness.ts'
import { publishKeys, startInstance } from './process.ts'
import { eventId } from './stubs.ts'

const points = ['refund.requested', 'refund.after-cancel', 'refund.after-gateway', 'refund.before-commit'] as const
let payments: Payments
let keys: Awaited<ReturnType<typeof publishKeys>>
beforeAll(async () => {
  payments = await startPayments()
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

/** An instance takes the request and dies of it; the other one ends what it began. */
async function refundThroughDeath(point: CrashPoint): Promise<void> {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.tellTicketsGenerated(orderId)
  await payments.becomes(orderId, 'CONFIRMED')
  const instance = await startInstance(payments, { AUTH_URL: keys.url, CRASH_AT: point })
  const key = randomUUID()
  await expect(ask(instance.url, orderId, key)).rejects.toThrow('fetch failed')
  expect(await instance.ended).toBe('SIGKILL')

  await expect.poll(async () => (await payments.order(orderId)).status, { timeout: 30_000, interval: 200 }).toBe('REFUNDED')
  expect(await payments.moneyOf(orderId), point).toMatchObject({ captured: 10_000, refunded: 10_000 })
  expect(payments.stub.priceOfValid(orderId)).toBe(0)
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)

  // The dead one's hold on the key ends after half a minute: the test does not wait for that.
  await payments.deps.pool.query('update idempotency_keys set leased_until = now() where key = $1', [key])
  const again = await ask(`http://127.0.0.1:${(payments.app.server.address() as { port: number }).port}`, orderId, key)
  expect(again.status).toBe(202)
  const { rows } = await payments.deps.pool.query('select refund_id, status from refunds where order_id = $1', [orderId])
  expect(rows).toEqual([{ refund_id: ((await again.json()) as { refundId: string }).refundId, status: 'SUCCEEDED' }])
}

test('killed at every point of a refund, it is made once, and asked for again under its key it is the same', async () => {
  await Promise.all(points.map(refundThroughDeath))
}, 90_000)
