import { randomUUID } from 'node:crypto'
import type { EventId, OrderId, TicketId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { readQrOfPng } from '../src/qr.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let buyer: Person
let friend: Person

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  friend = await running.person({ firstName: 'Filip', lastName: 'Φίλος' }, { proven: true })
})
afterAll(() => running?.expectDocumented())

/** Performs an action of the buyer's bank on an order's charge. */
async function dispute(orderId: OrderId, status: string) {
  const answer = await fetch(`${running.system.urls.sandbox}/sandbox/disputes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, status }),
  })
  expect(answer.status, await answer.text()).toBe(200)
}
const codeOf = async (person: Person, ticketId: TicketId) =>
  readQrOfPng(expectStatus(await person.tickets.getTicketQr({ params: { ticketId } }), 200)) ?? ''
const show = (eventId: EventId, code: string) =>
  organizer.tickets.checkIn({ headers: { 'idempotency-key': randomUUID() }, body: { eventId, code } })
const ticketOf = async (person: Person, ticketId: TicketId) =>
  expectStatus(await person.tickets.getTicket({ params: { ticketId } }), 200)
const becomesStopped = (person: Person, ticketId: TicketId) =>
  until(async () =>
    expect(await ticketOf(person, ticketId)).toMatchObject({ status: 'ACTIVE', stopReason: 'DISPUTE_LOST' }),
  )

test('a lost dispute stops the tickets anywhere; the organizer or the bank reinstates them', async () => {
  const sale = await publishEvent(organizer, { name: 'Quarrelled over', quantity: 20, unitPrice: 4_000 })
  const { eventId } = sale
  const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 2 }), 201)
  const order = await buyer.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  const [transferred, kept] = (order.tickets ?? []).map(({ ticketId }) => ticketId) as [TicketId, TicketId]
  expectStatus(
    await buyer.tickets.transferTicket({
      params: { ticketId: transferred },
      body: { email: friend.email, holderName: 'Filip' },
    }),
    200,
  )
  const { tickets } = expectStatus(await friend.tickets.listMyTickets({ query: {} }), 200)
  const received = tickets.find((ticket) => ticket.eventId === eventId)?.ticketId as TicketId
  const codes = { kept: await codeOf(buyer, kept), received: await codeOf(friend, received) }

  await dispute(orderId, 'lost')
  await becomesStopped(buyer, kept)
  await becomesStopped(friend, received)
  for (const code of Object.values(codes)) {
    expect(await show(eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_STOPPED', stopReason: 'DISPUTE_LOST' },
    })
  }
  expect(await buyer.tickets.getTicketPdf({ params: { ticketId: kept } })).toMatchObject({ status: 409 })
  for (const person of [buyer, friend])
    await running.mails.waitFor(person.email, /Quarrelled over is stopped/)
  // The gateway sends events in any order.
  await until(async () => {
    const { history } = expectStatus(await buyer.payments.getOrderHistory({ params: { orderId } }), 200)
    const results = history.filter(({ step }) => step === 'DISPUTE').map(({ result }) => result)
    expect(results.toSorted()).toEqual(['LOST', 'OPENED'])
  })

  expectStatus(await organizer.tickets.reinstateTicket({ params: { ticketId: received } }), 200)
  // Waits before the scan, because an admitted holder gets no mail.
  await running.mails.waitFor(friend.email, /Quarrelled over is valid again/)
  expectStatus(await show(eventId, codes.received), 200)
  expect(await show(eventId, codes.kept)).toMatchObject({ status: 409, body: { error: 'TICKET_STOPPED' } })

  await dispute(orderId, 'won')
  await until(async () => expect(await ticketOf(buyer, kept)).not.toHaveProperty('stoppedAt'))
  await running.mails.waitFor(buyer.email, /Quarrelled over is valid again/)
  expectStatus(await show(eventId, codes.kept), 200)
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
