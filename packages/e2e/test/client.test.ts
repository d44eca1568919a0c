import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createBoxofficeClient } from '@boxoffice/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buyTwo } from '../src/client-example.ts'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8')

let running: TestSystem
let buyer: Person
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem()
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' })
  sale = await publishEvent(organizer, { name: 'Quillwort Quartet', quantity: 6, unitPrice: 2_550 })
})
afterAll(() => running?.expectDocumented())

test('the example of the client’s README buys two tickets', async () => {
  expect(read('../client/README.md')).toContain(`\`\`\`ts\n${read('src/client-example.ts')}\`\`\``)
  expect(await buyTwo(running.edge, 'quillwort')).toMatch(/^paid: ORD-\d{4}-\d{6}, 51 EUR$/)
})

const newOrder = (quantity: number) => ({
  eventId: sale.eventId,
  ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity }],
  paymentToken: 'pm_card_visa',
  holderName: 'Zofia Łącka',
})

test('a purchase whose responses are lost is made once and eventually answered', async () => {
  let lost = 0
  const client = createBoxofficeClient({
    baseUrl: running.edge,
    headers: buyer.headers(),
    retry: { firstWaitMs: 1 },
    fetch: async (...request) => {
      const response = await fetch(...request)
      if (++lost <= 2) throw new TypeError('the connection broke')
      return response
    },
  })
  const order = expectStatus(await client.payments.createOrder({ body: newOrder(1) }), 201)
  expect(lost).toBe(3)
  expect((await running.ledger(order.orderId)).totals).toMatchObject([
    { captured: 2_550, successfulCharges: 1 },
  ])
  const { orders } = expectStatus(await client.payments.listOrders(), 200)
  expect(orders.map(({ orderId }) => orderId)).toEqual([order.orderId])
})

test('an order is followed until it is confirmed, and a refusal has its reason', async () => {
  const { client } = buyer
  const order = expectStatus(await client.payments.createOrder({ body: newOrder(1) }), 201)
  const steps: string[] = []
  const progress = expectStatus(await client.payments.watchOrder({ params: { orderId: order.orderId } }), 200)
  for await (const { status } of progress) steps.push(status)
  expect(steps.at(-1)).toBe('CONFIRMED')
  const refused = expectStatus(await client.payments.createOrder({ body: newOrder(4) }), 409)
  expect(refused).toMatchObject({ error: 'INSUFFICIENT_INVENTORY', reserved: false })
})
