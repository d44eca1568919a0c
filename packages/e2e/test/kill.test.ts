import { randomUUID } from 'node:crypto'
import type { OrderId } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectInvariants } from '../src/invariants.ts'
import { createPerson, expectStatus, type Person, publishEvent } from '../src/person.ts'
import { startTestSystem, type TestSystem } from './start.ts'

// The gateway takes its time, so that a purchase has a middle in which to be killed.
const SLOW = 'pm_sandbox_slow_1500'
let running: TestSystem
let buyer: Person
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await startTestSystem({ env: { payments: { CHECKOUT_WAIT_MS: '3000' } } })
  const organizer = await createPerson(running.edge, { firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  sale = await publishEvent(organizer, { name: 'Unbreakable', quantity: 500, unitPrice: 5_000 })
  buyer = await createPerson(running.edge, { firstName: 'Ben', lastName: 'Buyer' })
}, 120_000)
afterEach(async () => {
  for (const name of ['auth', 'events', 'tickets', 'payments', 'notifications'] as const) {
    await running.system.service(name).waitReady()
  }
})
afterAll(() => running?.stop(), 60_000)

/** As a client would that does not know what became of its request: the same key until there is an answer. */
async function buyUntilAnswered(key: string, paymentToken: string) {
  const limit = Date.now() + 60_000
  for (;;) {
    const answer = await buyer.buy({ ...sale, quantity: 2 }, { key, paymentToken }).catch(() => null)
    if (answer?.status === 201 || answer?.status === 202) return answer.body.orderId
    if (answer && answer.status !== 503) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    if (Date.now() > limit) throw new Error('no answer within a minute')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The gateway has the order's charge in its books, or is about to. */
async function whenReserved(before: number): Promise<void> {
  const free = async () => {
    const { ticketTypes } = expectStatus(await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }), 200)
    return ticketTypes[0]?.quantityAvailable ?? 0
  }
  while ((await free()) !== before - 2) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function expectBought(orderId: OrderId): Promise<void> {
  const order = await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  expect(order.tickets).toHaveLength(2)
  expect((await running.ledger(orderId)).totals).toMatchObject([{ captured: 10_000, refunded: 0, successfulCharges: 1 }])
  await running.mails.waitFor(buyer.email, /Unbreakable/)
}

describe.each(['payments', 'tickets', 'notifications', 'events', 'auth'] as const)('%s', (service) => {
  test('killed in the middle of a purchase delays it and loses nothing', async () => {
    const { ticketTypes } = expectStatus(await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }), 200)
    const buying = buyUntilAnswered(randomUUID(), SLOW)
    await whenReserved(ticketTypes[0]?.quantityAvailable ?? 0)
    running.system.service(service).kill('SIGKILL')
    await expectBought(await buying)
  }, 120_000)
})

test('in the end everything agrees: tickets, money, messages, Redis', async () => {
  await expectInvariants({
    databaseUrl: running.system.databaseUrl,
    redisUrl: running.system.urls.redis,
    ledger: () => running.ledger(),
  })
}, 180_000)
