import { randomUUID } from 'node:crypto'
import { ticketsGenerated, ticketsRejected } from '@boxoffice/contracts'
import { PermanentFailure } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDriver } from '../src/saga/drive.ts'
import { createMover } from '../src/saga/move-together.ts'
import { leaseSaga } from '../src/saga/saga-repository.ts'
import { handleTogether, sagaSubscribers } from '../src/saga/subscriptions.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService({}, { workers: false, webhooks: false })
})
afterAll(() => payments.stop())

test('an answer unexpected in its state is logged once, and its call retried with back-off', async () => {
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
    logger: {
      ...deps.logger,
      info: () => {},
      warn: () => {},
      error: (about: object) => void errors.push(about),
    } as never,
    config: { ...config, sagaRetryMaxMs: 30_000 },
    move: createMover(deps, deps.applyAll),
    step: async () => {
      calls++
      return Date.now() < endsAt ? { input: { type: 'RELEASED' } } : { retryReason: 'enough' }
    },
  })
  await drive(saga, new Date(endsAt))
  expect(calls).toBeLessThan(4)
  expect(errors).toEqual([expect.objectContaining({ orderId, state: 'AWAITING_TICKETS' })])
  const { rows } = await deps.pool.query(
    'select attempts, last_error, next_attempt_at > now() as waits from sagas where order_id = $1',
    [orderId],
  )
  expect(rows).toEqual([
    { attempts: calls, last_error: 'AWAITING_TICKETS does not expect RELEASED', waits: true },
  ])
})

test('an unexpected message fails permanently, alone or among others, and moves nothing', async () => {
  const { db, applyAll } = payments.deps
  const sagaDeps = { applyAll, saveCancelledEvent: async () => {} }
  const orderId = orderIdOf(await payments.buy('pm_card_visa_chargeDeclined'))
  expect(await payments.sagaState(orderId)).toBe('FAILED')
  const issued = { eventType: ticketsGenerated.eventType, payload: { orderId, tickets: [] } } as never
  const reason = new PermanentFailure(`order ${orderId}: FAILED does not expect TICKETS_ISSUED`)
  const [subscriber] = sagaSubscribers(sagaDeps)
  await expect(db.transact(async (tx) => subscriber?.handle(tx, issued))).rejects.toThrow(reason)
  const paidId = orderIdOf(await payments.buy('pm_card_visa'))
  const rejected = {
    eventType: ticketsRejected.eventType,
    payload: { orderId: paidId, reason: 'SEATS_GONE' },
  } as never
  const together = db.transact((tx) => handleTogether(sagaDeps)(tx, [rejected, issued], (_, work) => work()))
  await expect(together).rejects.toThrow(reason)
  expect(await payments.sagaState(paidId)).toBe('AWAITING_TICKETS')
})

test('a reported charge of an order that was never charged is stored, and not retried', async () => {
  const { pool, webhooks } = payments.deps
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
  expect(await payments.sagaState(orderId)).toBe('QUEUED')
  const event = `evt_${randomUUID()}`
  await payments.sendWebhook('payment_intent.succeeded', { id: 'pi_forged', metadata: { orderId } }, event)
  webhooks.start()
  try {
    const sql =
      'select outcome, attempts from webhook_events where webhook_event_id = $1 and processed_at is not null'
    await until(async () =>
      expect((await pool.query(sql, [event])).rows).toEqual([
        { outcome: 'failed permanently: QUEUED does not expect CHARGED', attempts: 1 },
      ]),
    )
  } finally {
    await webhooks.stop()
  }
  expect(await payments.sagaState(orderId)).toBe('QUEUED')
})
