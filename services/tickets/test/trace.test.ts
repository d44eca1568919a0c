import { type OrderId, ticketsOpsRoutes } from '@boxoffice/contracts'
import { injectClient, tablesReadWhole } from '@boxoffice/service-kit/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  account,
  buyer,
  codeOf,
  newAddress,
  organizerOf,
  passOn,
  show,
  ticketsOf,
  transferIdOf,
} from './people.ts'
import { newId, reserveForOrder, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
let ops: ReturnType<typeof opsOf>
const opsOf = (headers: Record<string, string>) => injectClient(setting.app, ticketsOpsRoutes, headers)
beforeAll(async () => {
  setting = await startService()
  ops = opsOf((await setting.authority.user(['USER', 'ADMIN'])).headers)
})
afterEach(() => void vi.restoreAllMocks())
afterAll(() => setting.close())

const trace = async (...ids: string[]) => (await ops.trace({ body: { ids } })).body
type Trace = Awaited<ReturnType<typeof trace>>
const factsOf = ({ entries }: Trace) =>
  entries.filter(({ kind }) => kind === 'RESERVATION' || kind === 'TICKET').map(({ what }) => what)

test('an order is traced from its reservation to the door, by any of its ids', async () => {
  const offered = await setting.offer(10)
  const door = await organizerOf(setting, offered)
  const guest = await buyer(setting, offered.eventId, some(offered.typeId, 2))
  const { orderId, ticketId } = guest
  const [, other] = guest.tickets
  const code = await codeOf(guest, ticketId)
  expect(await show(door, offered.eventId, code, { gate: 'North' })).toMatchObject({ status: 200 })

  const found = await trace(orderId)
  const [held = '', ...facts] = factsOf(found)
  expect(held).toMatch(/^reservation [\w-]{36} HELD$/)
  expect(facts.toSorted()).toEqual(
    ['order ISSUED', 'ticket CHECKED_IN', 'ticket ISSUED', 'ticket ISSUED'].toSorted(),
  )
  expect(found.entries.map(({ what }) => what)).toContain('TICKETS_GENERATED to ticket-events')
  const checkedIn = found.entries.find(({ what }) => what === 'ticket CHECKED_IN')
  expect(checkedIn).toMatchObject({ ticketId, orderId, correlationId: expect.any(String) })
  expect(found.related).toMatchObject({ orderIds: [orderId] })
  expect(found.related.ticketIds.toSorted()).toEqual([ticketId, other?.ticketId].toSorted())
  expect(found.related.correlationIds).toContain(checkedIn?.correlationId)

  const ofTicket = await trace(ticketId)
  expect(ofTicket.related.orderIds).toEqual([orderId])
  expect(factsOf(ofTicket)).toEqual(['ticket ISSUED', 'ticket CHECKED_IN'])
  const reservationId = held.split(' ')[1] as string
  expect((await trace(reservationId)).related.orderIds).toEqual([orderId])
})

test('transfers, stops and cancellations are traced without personal data', async () => {
  const offered = await setting.offer(10)
  const organizer = await organizerOf(setting, offered)
  const sender = await buyer(setting, offered.eventId, some(offered.typeId, 1))
  const { orderId, ticketId } = sender
  const address = newAddress()
  const transferId = transferIdOf(await passOn(sender, ticketId, address, { holderName: 'Bob Nowak' }))
  await sender.client.cancelTransfer({ params: { transferId } })
  const recipient = await account(setting)
  await passOn(sender, ticketId, recipient.email)
  const [newTicket] = await ticketsOf(recipient)
  const newTicketId = newTicket?.ticketId as never
  await organizer.client.stopTicket({ params: { ticketId: newTicketId }, body: { note: 'Sold outside' } })

  const found = await trace(orderId)
  expect(factsOf(found).slice(2)).toEqual([
    'ticket ISSUED',
    'transfer REQUESTED',
    'transfer OFFERED',
    'transfer CANCELLED',
    ...['transfer REQUESTED', 'ticket ISSUED', 'transfer COMPLETED'].toSorted(byFirstOf(found)),
    'ticket STOPPED',
  ])
  expect(found.entries).toContainEqual(
    expect.objectContaining({ what: 'transfer COMPLETED', ticketId, detail: `to ticket ${newTicketId}` }),
  )
  expect(found.entries).toContainEqual(
    expect.objectContaining({ what: 'transfer CANCELLED', detail: 'WITHDRAWN' }),
  )
  expect((await trace(newTicketId)).related.ticketIds).toEqual(
    expect.arrayContaining([ticketId, newTicketId]),
  )
  const text = JSON.stringify(found)
  for (const secret of [address, recipient.email, 'Nowak', 'Sold outside']) expect(text).not.toContain(secret)
})

/** What is written in one transaction may have the same time. */
const byFirstOf = (found: Trace) => {
  const last = factsOf(found).slice(6)
  return (a: string, b: string) => last.indexOf(a) - last.indexOf(b)
}

test('a hold that was not bought, and an order that was rejected, are traced', async () => {
  const { eventId, typeId } = await setting.offer(1)
  const held = await reserveForOrder(setting, eventId, typeId)
  expect(held.answer.status).toBe(200)
  const found = await trace(held.reservationId)
  expect(factsOf(found)).toEqual([`reservation ${held.reservationId} HELD`])
  expect(found.entries[0]?.detail).toMatch(/^now \w+, ends /)
  expect(await trace(newId<OrderId>())).toMatchObject({ entries: [], related: { orderIds: [] } })
})

test('no large table is read as a whole', async () => {
  const { db, pool } = setting.deps
  const asked = vi.spyOn(db, 'query')
  const sender = await buyer(setting, ...(await oneTicket()))
  asked.mockClear()
  await trace(sender.ticketId)
  const statements = asked.mock.calls.map(([text]) => text).filter((text) => /select/.test(text))
  expect(statements.join()).toContain('ticket_transfers')
  const whole = await Promise.all(statements.map((text) => tablesReadWhole(pool, text)))
  expect(new Set(whole.flat())).toEqual(new Set(['outbox']))
})

async function oneTicket() {
  const { eventId, typeId } = await setting.offer(1)
  return [eventId, some(typeId, 1)] as const
}
