import { randomUUID } from 'node:crypto'
import { type OrderId, paymentsSagaRoutes } from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { buildWithoutRedis } from '@boxoffice/service-kit/testing-resilience'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
let admin: ReturnType<typeof sagasOf>
const sagasOf = (headers: Record<string, string>) => injectClient(payments.app, paymentsSagaRoutes, headers)
beforeAll(async () => {
  payments = await startService()
  admin = sagasOf((await payments.authority.user(['USER', 'ADMIN'])).headers)
})
afterAll(() => payments.stop())

const listed = async (query: { state?: string; limit?: number; cursor?: string } = {}) => {
  const answer = await admin.listSagas({ query })
  if (answer.status !== 200) throw new Error('refused')
  return answer.body
}

test('stuck sagas are listed with the reason, newest first, and continue when resumed', async () => {
  const done = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.publishTicketsGenerated(done)
  await payments.becomes(done, 'CONFIRMED')
  payments.stub.state.isDown = true
  const stuck: OrderId[] = []
  for (const _ of [1, 2, 3]) stuck.push(orderIdOf(await payments.buy('pm_card_visa', { noWait: true })))
  await until(async () => {
    const { sagas } = await listed()
    expect(sagas.map(({ orderId }) => orderId)).toEqual(stuck.toReversed())
    for (const saga of sagas)
      expect(saga).toMatchObject({ state: 'RESERVING', lastError: expect.stringContaining('tickets') })
  })

  const first = await listed({ limit: 2 })
  const second = await listed({ limit: 2, cursor: first.nextCursor ?? '' })
  expect([...first.sagas, ...second.sagas].map(({ orderId }) => orderId)).toEqual(stuck.toReversed())
  expect(first.byState).toMatchObject({ RESERVING: 3, CONFIRMED: 1 })
  expect((await listed({ state: 'CONFIRMED' })).sagas).toMatchObject([{ orderId: done, attempts: 0 }])

  payments.stub.state.isDown = false
  const [orderId] = stuck as [OrderId]
  await payments.deps.pool.query(
    "update sagas set next_attempt_at = now() + interval '1 hour', leased_until = null",
  )
  expect(await admin.resumeSaga({ params: { orderId } })).toMatchObject({
    status: 202,
    body: { orderId, attempts: 0 },
  })
  await payments.becomes(orderId, 'PAID')
})

test('the journal is complete; an ended saga cannot be resumed, a missing one is not found', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa_chargeDeclined'))
  await until(async () => expect(await payments.sagaState(orderId)).toBe('FAILED'))
  const journal = await admin.getSaga({ params: { orderId } })
  expect(journal).toMatchObject({ status: 200, body: { state: 'FAILED' } })
  expect(
    journal.status === 200 && journal.body.events.map(({ moment, step, result }) => [moment, step, result]),
  ).toEqual([
    ['INTENT', 'RESERVE', null],
    ['RESULT', 'RESERVE', 'RESERVED'],
    ['INTENT', 'CHARGE', null],
    ['RESULT', 'CHARGE', 'DECLINED'],
    ['INTENT', 'RELEASE', null],
    ['RESULT', 'RELEASE', 'RELEASED'],
  ])
  expect(JSON.stringify(journal.body)).not.toContain('pm_card')
  expect(await admin.resumeSaga({ params: { orderId } })).toMatchObject({
    status: 409,
    body: { error: 'SAGA_ENDED' },
  })
  const missing = { params: { orderId: randomUUID() as OrderId } }
  expect((await admin.getSaga(missing)).status).toBe(404)
  expect((await admin.resumeSaga(missing)).status).toBe(404)
})

test('it is for administrators only', async () => {
  for (const url of ['', `/${randomUUID()}`]) {
    const answer = await payments.app.inject({
      url: `/api/payments/ops/sagas${url}`,
      headers: payments.buyer.headers,
    })
    expect(answer.statusCode).toBe(403)
  }
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: payments.deps.config,
    callees,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(callees).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
