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
  /** What gets the purchase there; a card that works where none is named. */
  paymentToken?: string
  /** Where the order ends; CONFIRMED where none is named. */
  status?: OrderStatus
  /**
   * The ticket service learns that the event is cancelled while the gateway charges: the money has to go
   * back.
   */
  eventCancelled?: boolean
  /** The organizer refunds the order when it is confirmed. */
  refunded?: boolean
}
const duringRefund: Death = { service: 'payments', status: 'REFUNDED', refunded: true }

/**
 * Every crash point there is, with the service that dies there: one that is added and not listed here does
 * not compile.
 */
const deaths: Record<CrashPoint, Death> = {
  'saga.created': { service: 'payments' },
  'saga.reserve.before-call': { service: 'payments' },
  'saga.reserve.after-call': { service: 'payments' },
  'saga.charge.before-call': { service: 'payments' },
  'saga.charge.after-call': { service: 'payments' },
  // A webhook may be faster than the process that charges, which then does not get there.
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

/** The gateway charges only when the ticket service knows that the event is cancelled. */
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

/** Under one key until there is an answer: the process that takes the request dies of it. */
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
  if (!sale) throw new Error(`nothing is on sale for ${point}`)
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
  // A buyer may know how it ended before the process gets there.
  await until(() => expect(existsSync(running.crashFile(service)), `nobody died at ${point}`).toBe(false))
  for (const instance of running.instancesOf(service)) await instance.waitReady()
  const paid = status === 'FAILED' ? 0 : 10_000
  expect(await running.moneyOf(orderId), point).toMatchObject({
    captured: paid,
    refunded: status === 'REFUNDED' ? paid : 0,
    successfulCharges: paid ? 1 : 0,
  })
}

// One after the other within a service, the services beside each other: a message whose consumer died is only
// seen again when its visibility has ended. What kills another chain's purchase must not harm this one
// either.
test.concurrent.each(['payments', 'tickets', 'notifications'] as const)(
  'killed at every crash point of %s, purchases go on where they were',
  async (service) => {
    for (const point of crashPoints) if (deaths[point].service === service) await buyThroughDeath(point)
  },
)

test('in the end everything agrees: tickets, money, messages, Redis', async () => {
  await running.expectAgreement()
})
