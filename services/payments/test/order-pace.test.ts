import type { OrderId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'

const WORKERS = 2
const BURST = 50

let payments: TestService
beforeAll(async () => {
  const overrides = { ORDER_WORKERS: String(WORKERS), ORDER_QUEUE_PATIENCE_SECONDS: '1' }
  payments = await startService(overrides, { workers: false })
})
afterAll(() => payments.stop())

test(`${BURST} overdue orders begin ${WORKERS} at a time, with or without their command`, async () => {
  const { pool } = payments.deps
  const orderIds: OrderId[] = []
  for (let sent = 0; sent < BURST; sent += 10) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => payments.buy('pm_sandbox_slow_30', { later: true })),
    )
    orderIds.push(...answers.map(orderIdOf))
  }
  const lost = orderIds.slice(0, BURST / 2)
  await pool.query("delete from outbox where event_type = 'CREATE_ORDER' and group_key = any($1::text[])", [
    lost,
  ])
  await pool.query(`update sagas set next_attempt_at = clock_timestamp() - interval '1 second'`)
  for (const worker of payments.workers) worker.start()

  let most = 0
  await until(async () => {
    const { rows } = await pool.query('select state, count(*)::int as count from sagas group by state')
    const count = new Map<string, number>(rows.map(({ state, count }) => [state, count]))
    const paid = count.get('AWAITING_TICKETS') ?? 0
    most = Math.max(most, BURST - paid - (count.get('QUEUED') ?? 0))
    expect(paid).toBe(BURST)
  })
  expect(most).toBe(WORKERS)
  for (const orderId of orderIds.slice(0, 5))
    expect(await payments.moneyOf(orderId)).toMatchObject({ successfulCharges: 1 })
  // Commands that arrived after their order had begun are finished too.
  await until(async () =>
    expect(await payments.deps.messaging.queueDepth('order-commands.fifo')).toEqual({
      visible: 0,
      inFlight: 0,
    }),
  )
})
