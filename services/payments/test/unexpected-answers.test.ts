import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDriver } from '../src/saga/drive.ts'
import { createMover } from '../src/saga/move-together.ts'
import { leaseSaga } from '../src/saga/saga-repository.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService({}, { workers: false, webhooks: false })
})
afterAll(() => payments.stop())

test('an answer that the state does not expect is logged once, and its call repeated with back-off', async () => {
  const { deps, config } = payments
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  expect(await payments.sagaState(orderId)).toBe('AWAITING_TICKETS')
  const saga = await deps.db.transact((tx) => leaseSaga(tx, orderId, config.leaseMs))
  if (!saga) throw new Error('the saga is leased')
  let calls = 0
  const endsAt = Date.now() + 1_000
  const errors: object[] = []
  const drive = createDriver({
    ...{ db: deps.db, append: deps.messaging.append, crashAt: () => {}, sagaMetrics: deps.sagaMetrics },
    logger: { ...deps.logger, info: () => {}, warn: () => {}, error: (about: object) => void errors.push(about) } as never,
    config: { ...config, sagaRetryMaxMs: 30_000 },
    move: createMover(deps, deps.applyAll),
    step: async () => {
      calls++
      return Date.now() < endsAt ? { input: { type: 'RELEASED' } } : { again: 'enough' }
    },
  })
  await drive(saga, new Date(endsAt))
  expect(calls).toBeLessThan(4)
  expect(errors).toEqual([expect.objectContaining({ orderId, state: 'AWAITING_TICKETS' })])
  const { rows } = await deps.pool.query(
    'select attempts, last_error, next_attempt_at > now() as waits from sagas where order_id = $1',
    [orderId],
  )
  expect(rows).toEqual([{ attempts: calls, last_error: 'AWAITING_TICKETS does not expect RELEASED', waits: true }])
})
