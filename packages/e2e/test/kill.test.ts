import { serviceKeys } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { startTestSystem, type TestSystem } from './start.ts'

// The gateway takes its time, so that a purchase has a middle in which to be killed.
const SLOW = 'pm_sandbox_slow_1500'
let running: TestSystem
let buyer: Person
let organizer: Person
type Sale = Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await startTestSystem({ env: { payments: { CHECKOUT_WAIT_MS: '3000' } } })
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Ben', lastName: 'Buyer' })
}, 120_000)
afterEach(async () => {
  for (const name of serviceKeys) await running.system.service(name).waitReady()
})
afterAll(() => running?.stop(), 60_000)

/** The tickets are held, and the gateway is at work. */
async function whenReserved(sale: Sale): Promise<void> {
  for (;;) {
    const { ticketTypes } = expectStatus(await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }), 200)
    if (ticketTypes[0]?.quantityAvailable === 8) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test.each(serviceKeys)(
  '%s killed in the middle of a purchase delays it and loses nothing',
  async (service) => {
    const name = `Unbreakable by ${service}`
    const sale = await publishEvent(organizer, { name, quantity: 10, unitPrice: 5_000 })
    const buying = buyer.buyInsistently({ ...sale, quantity: 2 }, SLOW)
    await whenReserved(sale)
    running.system.service(service).kill('SIGKILL')
    const orderId = await buying
    const order = await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    expect(order.tickets).toHaveLength(2)
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 0, successfulCharges: 1 })
    await running.mails.waitFor(buyer.email, new RegExp(name))
    expect(running.system.service(service).restarts).toBe(1)
  },
  180_000,
)

test('in the end everything agrees: tickets, money, messages, Redis', async () => {
  await running.expectAgreement()
}, 180_000)
