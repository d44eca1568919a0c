import { serviceKeys } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../../src/events.ts'
import { expectStatus, type Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

let running: TestSystem
let buyer: Person
let organizer: Person
type Sale = Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem('fragile')
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Ben', lastName: 'Buyer' }, { proven: true })
})
afterEach(async () => {
  for (const name of serviceKeys) for (const instance of running.instancesOf(name)) await instance.waitReady()
})
afterAll(() => running?.expectDocumented())

/** The tickets are held, and the charge is in progress. */
async function whenReserved(sale: Sale): Promise<void> {
  await until(async () => {
    const { ticketTypes } = expectStatus(
      await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }),
      200,
    )
    expect(ticketTypes).toMatchObject([{ quantityAvailable: 8 }])
  })
}

test.each(serviceKeys)(
  '%s killed in the middle of a purchase delays it and loses nothing',
  async (service) => {
    const name = `Unbreakable by ${service}`
    const sale = await publishEvent(organizer, { name, quantity: 10, unitPrice: 5_000 })
    const instances = running.instancesOf(service)
    const restarts = instances.map((instance) => instance.restarts)
    // The gateway is frozen, so that the kill hits a purchase in progress.
    const { buying } = await running.whileGatewayStands(async () => {
      const buying = buyer.buyInsistently({ ...sale, quantity: 2 }, 'pm_card_visa')
      await whenReserved(sale)
      for (const instance of instances) instance.kill('SIGKILL') // whichever instance has the purchase
      return { buying }
    })
    const orderId = await buying
    const order = await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
    expect(order.tickets).toHaveLength(2)
    expect(await running.moneyOf(orderId)).toMatchObject({
      captured: 10_000,
      refunded: 0,
      successfulCharges: 1,
    })
    await running.mails.waitFor(buyer.email, new RegExp(name))
    // The supervisor notices the exit with a delay; the purchase may complete before.
    await until(() =>
      expect(instances.map((instance) => instance.restarts)).toEqual(restarts.map((before) => before + 1)),
    )
  },
)

test('all invariants hold afterwards: tickets, money, messages, Redis', async () => {
  await running.expectAgreement()
})
