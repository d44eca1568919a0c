import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../../src/events.ts'
import { expectStatus, type Person } from '../../src/person.ts'
import { type TestSystem, useTestSystem } from '../start.ts'

// Orders whose payment is pending: the gateway is slow, and the response does not wait for it.

let running: TestSystem
let buyer: Person
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem('fragile')
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' })
  sale = await publishEvent(organizer, { name: 'Slow money', quantity: 10, unitPrice: 4_000 })
})
afterAll(() => running?.expectDocumented())

const available = async () => {
  const { ticketTypes } = expectStatus(
    await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }),
    200,
  )
  return ticketTypes[0]?.quantityAvailable
}

test('a pending order can be renamed during the charge, and the tickets have the new name', async () => {
  const pending = await running.whileGatewayStands(async () => {
    const pending = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 202)
    expect(pending.status).toBe('PENDING')
    const params = { orderId: pending.orderId }
    const renamed = expectStatus(
      await buyer.payments.updateOrder({ params, body: { holderName: 'Nowa Osoba' } }),
      200,
    )
    expect(renamed.holderName).toBe('Nowa Osoba')
    return pending
  })
  const order = await buyer.waitForOrder(pending.orderId, ({ status }) => status === 'CONFIRMED')
  const [ticket] = order.tickets ?? []
  expect(
    expectStatus(await buyer.tickets.getTicket({ params: { ticketId: ticket?.ticketId as never } }), 200)
      .holderName,
  ).toBe('Nowa Osoba')
})

test('a pending order is either cancelled before the charge or paid, never both', async () => {
  const before = await available()
  const pending = await running.whileGatewayStands(async () => {
    const pending = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 202)
    expectStatus(await buyer.payments.cancelOrder({ params: { orderId: pending.orderId } }), 202)
    return pending
  })
  const params = { orderId: pending.orderId }
  const order = await buyer.waitForOrder(
    pending.orderId,
    ({ status }) => status === 'CANCELLED' || status === 'CONFIRMED',
  )
  const { captured, refunded } = await running.moneyOf(pending.orderId)
  if (order.status === 'CANCELLED') {
    expect(captured - refunded).toBe(0)
    expect(await available()).toBe(before)
    expectStatus(await buyer.payments.cancelOrder({ params }), 202)
  } else {
    expect(captured).toBe(4_000)
  }
  const { history } = expectStatus(await buyer.payments.getOrderHistory({ params }), 200)
  expect(JSON.stringify(history)).toMatch(/cancel/i)
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
