import { type OrderId, type OrderProgress, paymentsRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(() => {
  payments.stub.state.isDown = false
})
afterAll(() => payments.stop())

/** Follows an order over its own connection. */
function follow(orderId: OrderId, headers: Record<string, string> = payments.buyer.headers) {
  const received: OrderProgress[] = []
  const leaving = new AbortController()
  const ended = (async () => {
    const client = createClient(paymentsRoutes, { baseUrl: payments.url, headers: () => headers })
    const answer = await client.watchOrder({ params: { orderId }, signal: leaving.signal })
    if (answer.status !== 200) return answer.status
    for await (const progress of answer.body) received.push(progress)
    return 200
  })()
  return {
    received,
    ended,
    leave: () => leaving.abort(),
    steps: () => received.map(({ step, result }) => `${step} ${result}`),
  }
}

test('a buyer follows an order from the queue to its tickets; then the stream ends', async () => {
  payments.stub.state.isDown = true
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
  const mine = follow(orderId)
  const admins = follow(orderId, (await payments.authority.user(['USER', 'ADMIN'])).headers)
  await until(() =>
    expect(mine.steps()).toEqual(['ORDER CREATED', 'QUEUE STARTED', 'QUEUE BEGIN', 'RESERVE STARTED']),
  )
  expect(mine.received.at(-1)).toMatchObject({ orderId, status: 'PENDING', paymentStatus: 'PENDING' })
  payments.stub.state.isDown = false
  await until(() => expect(mine.steps()).toContain('ISSUE STARTED'))
  await payments.publishTicketsGenerated(orderId)
  expect(await mine.ended).toBe(200)
  expect(mine.steps().slice(4)).toEqual([
    'RESERVE RESERVED',
    'CHARGE STARTED',
    'CHARGE CHARGED',
    'ISSUE STARTED',
    'ISSUE TICKETS_ISSUED',
  ])
  expect(mine.received.at(-1)).toMatchObject({ status: 'CONFIRMED', detail: expect.stringContaining('TKT-') })
  expect(await admins.ended).toBe(200)
  expect(admins.steps()).toEqual(mine.steps())

  const again = follow(orderId)
  expect(await again.ended).toBe(200)
  expect(again.steps()).toEqual(mine.steps())
})

test('a decline is streamed with its reason, and so are its consequences', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa_chargeDeclined', { later: true }))
  const { ended, received, steps } = follow(orderId)
  await ended
  expect(steps().at(-1)).toBe('RELEASE RELEASED')
  expect(received.at(-1)).toMatchObject({ status: 'FAILED', failureReason: 'CARD_DECLINED' })
})

test('can only be followed by users who may see it', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  expect(await follow(orderId, (await payments.authority.user()).headers).ended).toBe(404)
  expect(await follow(crypto.randomUUID() as OrderId).ended).toBe(404)
})

test('a server that stops ends its streams', async () => {
  const other = await startService()
  other.stub.state.isDown = true
  const orderId = orderIdOf(await other.buy('pm_card_visa', { noWait: true }))
  const answer = await fetch(`${other.url}/api/payments/orders/${orderId}/stream`, {
    headers: other.buyer.headers,
  })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const text = answer.text()
  await other.stop()
  expect(await text).toContain('RESERVE')
})
