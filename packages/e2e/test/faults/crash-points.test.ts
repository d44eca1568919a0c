import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import type { EventId, OrderId, OrderStatus, ServiceKey } from '@boxoffice/contracts'
import { type CrashPoint, crashPoints } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../../src/events.ts'
import type { Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

interface Death {
  service: ServiceKey
  /** The payment token that reaches the crash point; a working card if absent. */
  paymentToken?: string
  /** The order's final status; CONFIRMED if absent. */
  status?: OrderStatus
  /**
   * The ticket service receives the event's cancellation during the charge, so the payment must be refunded.
   */
  eventCancelled?: boolean
  /** The organizer refunds the order once it is confirmed. */
  refunded?: boolean
}
const duringRefund: Death = { service: 'payments', status: 'REFUNDED', refunded: true }

/** Every crash point with the service that dies there; a new one that is missing here does not compile. */
const deaths: Record<CrashPoint, Death> = {
  'saga.created': { service: 'payments' },
  'saga.reserve.before-call': { service: 'payments' },
  'saga.reserve.after-call': { service: 'payments' },
  'saga.charge.before-call': { service: 'payments' },
  'saga.charge.after-call': { service: 'payments' },
  // A webhook may be faster than the charging process, which then does not reach the point.
  'saga.paid': { service: 'payments', paymentToken: 'pm_sandbox_webhook_never' },
  'saga.release.after-call': {
    service: 'payments',
    paymentToken: 'pm_card_visa_chargeDeclined',
    status: 'FAILED',
  },
  'saga.refund.after-call': {
    service: 'payments',
    status: 'REFUNDED',
    eventCancelled: true,
  },
  'refund.requested': duringRefund,
  'refund.after-cancel': duringRefund,
  'refund.after-gateway': duringRefund,
  'refund.before-commit': duringRefund,
  'relay.before-publish': { service: 'payments' },
  'relay.after-publish': { service: 'payments' },
  'hold.after-lua': { service: 'tickets' },
  'issue.before-commit': { service: 'tickets' },
  'consumer.before-commit': { service: 'tickets' },
  'consumer.after-commit': { service: 'tickets' },
  'mail.before-send': { service: 'notifications' },
  'mail.after-send': { service: 'notifications' },
}

let running: TestSystem
let organizer: Person
let buyer: Person
const sales = new Map<CrashPoint, Awaited<ReturnType<typeof publishEvent>>>()

beforeAll(async () => {
  running = await useTestSystem('fragile')
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Ben', lastName: 'Buyer' }, { proven: true })
  for (const point of crashPoints) {
    sales.set(
      point,
      await publishEvent(organizer, { name: `Killed at ${point}`, quantity: 10, unitPrice: 5_000 }),
    )
  }
})
afterAll(() => running?.expectDocumented())

/** The gateway completes the charge only after the ticket service has recorded the cancellation. */
async function buyWhileCancelled(eventId: EventId, buy: () => Promise<OrderId>): Promise<OrderId> {
  const { buying } = await running.whileGatewayStands(async () => {
    const buying = buy()
    await cancelInTicketService(eventId)
    return { buying }
  })
  return buying
}

async function cancelInTicketService(eventId: EventId): Promise<void> {
  const client = new pg.Client({ connectionString: running.system.databaseUrl('tickets') })
  await client.connect()
  const paying = "select from reservations where event_id = $1 and status = 'PAYING'"
  await until(async () => (await client.query(paying, [eventId])).rowCount !== 0)
  await client.query(
    "update event_pictures set status = 'CANCELLED', version = version + 1000 where event_id = $1",
    [eventId],
  )
  await client.end()
}

/** Retries with one key until there is a response, because the process that handles the request dies. */
async function refundInsistently(orderId: OrderId): Promise<void> {
  const request = {
    params: { orderId },
    headers: { 'idempotency-key': randomUUID() },
    body: { reason: 'The singer is ill' },
  }
  const answer = async () => (await organizer.payments.refundOrder(request).catch(() => null))?.status
  await until(async () => expect(await answer()).toBe(202))
}

async function buyThroughDeath(point: CrashPoint): Promise<void> {
  const {
    service,
    paymentToken = 'pm_card_visa',
    status = 'CONFIRMED',
    eventCancelled,
    refunded,
  } = deaths[point]
  const sale = sales.get(point)
  if (!sale) throw new Error(`no ticket type for ${point}`)
  writeFileSync(running.crashFile(service), point)
  const buy = () => buyer.buyInsistently({ ...sale, quantity: 2 }, paymentToken)
  const orderId = await (eventCancelled ? buyWhileCancelled(sale.eventId, buy) : buy())
  if (refunded) {
    await buyer.waitForOrder(orderId, (order) => order.status === 'CONFIRMED')
    await refundInsistently(orderId)
  }
  await buyer.waitForOrder(orderId, (order) => order.status === status)
  if (status === 'CONFIRMED')
    await running.mails.waitFor(buyer.email, new RegExp(`Killed at ${point.replaceAll('.', '\\.')}`))
  // The buyer may see the outcome before the process reaches the point.
  await until(() => expect(existsSync(running.crashFile(service)), `no process died at ${point}`).toBe(false))
  for (const instance of running.instancesOf(service)) await instance.waitReady()
  const paid = status === 'FAILED' ? 0 : 10_000
  expect(await running.moneyOf(orderId), point).toMatchObject({
    captured: paid,
    refunded: status === 'REFUNDED' ? paid : 0,
    successfulCharges: paid ? 1 : 0,
  })
}

// Points of one service run one after the other, services in parallel: a message whose consumer died is
// redelivered only after its visibility timeout. A kill must not harm the purchases of the other chains
// either.
test.concurrent.each(['payments', 'tickets', 'notifications'] as const)(
  'killed at every crash point of %s, purchases resume where they were',
  async (service) => {
    for (const point of crashPoints) if (deaths[point].service === service) await buyThroughDeath(point)
  },
)

test('all invariants hold afterwards: tickets, money, messages, Redis', async () => {
  await running.expectAgreement()
})
