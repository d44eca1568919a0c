import { createDatabase, createLogger, createMetrics } from '@boxoffice/service-kit'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { createSagaMetrics } from './metrics.ts'

const pool = new pg.Pool({ host: '127.0.0.1', port: 1 })
afterAll(() => pool.end())
const db = createDatabase({ pool, logger: createLogger({ service: 'test', level: 'silent' }) })

test('an order is counted once for each outcome, and not for a refused refund', async () => {
  const metrics = createMetrics('payment-service')
  const { placed, moved, compensationFailed } = createSagaMetrics(db, metrics)
  placed()
  moved('RESERVING', 'CHARGING')
  moved('CHARGING', 'AWAITING_TICKETS')
  moved('AWAITING_TICKETS', 'CONFIRMED')
  moved('CONFIRMED', 'WITHDRAWING_TICKETS')
  moved('WITHDRAWING_TICKETS', 'CONFIRMED')
  moved('REPAYING', 'REFUNDED')
  moved('REFUNDED', 'REFUNDED')
  compensationFailed('RELEASE')
  const text = await metrics.registry.metrics()
  for (const outcome of ['placed', 'paid', 'confirmed', 'refunded']) {
    expect(text).toContain(`orders_total{outcome="${outcome}",service="payment-service"} 1\n`)
  }
  expect(text).toContain('compensation_failures_total{step="RELEASE",service="payment-service"} 1\n')
})

test('while the database is down the saga metrics are missing and all others are shown', async () => {
  const metrics = createMetrics('payment-service')
  createSagaMetrics(db, metrics)
  const text = await metrics.registry.metrics()
  expect(text).toContain('# TYPE sagas_in_progress gauge')
  expect(text).not.toMatch(/^sagas_/m)
})
