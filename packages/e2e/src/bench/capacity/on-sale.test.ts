import { expect, test } from 'vitest'
import { type Fleet, type OnSale, planOnSale, type ServiceTimes, simulateOnSale } from './on-sale.ts'

const times: ServiceTimes = {
  hold: { tickets: 0.2, postgres: 0.1, redis: 0.02 },
  purchase: {
    payments: 10,
    tickets: 8,
    notifications: 10,
    analytics: 3,
    events: 1,
    auth: 1,
    postgres: 10,
    redis: 1,
  },
  commitMs: 3,
  gatewayMs: 300,
}
const sale: OnSale = { buyers: 10_000, tickets: 5_000, admittedPerSecond: 0, counters: 1 }
const large: Fleet = { tickets: 64, payments: 64, notifications: 64, analytics: 64, postgres: 64 }

test('with enough capacity no buyer waits, and with too little every buyer does', () => {
  const plenty = simulateOnSale(sale, large, times)
  expect(plenty.holdP99Ms).toBeLessThan(100)
  const little = simulateOnSale(
    sale,
    { ...large, tickets: 1 },
    { ...times, hold: { ...times.hold, tickets: 5 } },
  )
  expect(little.waitsMs.tickets).toBeGreaterThan(10_000)
})

test('a waiting room moves the wait in front of the system', () => {
  const room = simulateOnSale({ ...sale, admittedPerSecond: 200 }, large, times)
  expect(room.waitingRoomMaxMs).toBeGreaterThan(20_000)
  expect(room.holdP99Ms).toBeLessThan(50)
})

test('a resource that exists once per event is a limit that more tasks do not lift', () => {
  const slow = { ...times, hold: { ...times.hold, postgres: 4 } }
  expect(planOnSale(sale, times).bottleneck).toBeNull()
  expect(planOnSale(sale, slow).bottleneck).toBe('batches')
  expect(planOnSale({ ...sale, counters: 16 }, slow).bottleneck).toBeNull()
})

test('more buyers never need fewer tasks', () => {
  const [few, many] = [
    planOnSale(sale, times),
    planOnSale({ ...sale, buyers: 40_000, tickets: 20_000 }, times),
  ]
  for (const part of ['tickets', 'payments', 'notifications', 'postgres'] as const)
    expect(many.fleet[part]).toBeGreaterThanOrEqual(few.fleet[part])
})
