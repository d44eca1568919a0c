import { randomUUID } from 'node:crypto'
import {
  type Currency,
  type DisputeOutcome,
  disputeClosed,
  type EventId,
  type Minor,
  type OrderId,
  type TicketId,
  ticketsReinstated,
  ticketsStopped,
  type UserId,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { account, buyer, codeOf, organizerOf, passOn, show, ticketsOf } from './people.ts'
import { some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({}, { workers: 'all' })
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

/** An order of so many tickets, of a new event. */
async function ordered(quantity = 2) {
  const offered = await setting.offer(20)
  const organizer = await organizerOf(setting, offered)
  const guest = await buyer(setting, offered.eventId, some(offered.typeId, quantity))
  return { eventId: offered.eventId, typeId: offered.typeId, organizer, guest, orderId: guest.orderId }
}
type Ordered = Pick<Awaited<ReturnType<typeof ordered>>, 'eventId' | 'orderId' | 'guest'>

/** Publishes a dispute as the payment service does; resolves when it was handled. */
async function publish(
  { eventId, orderId, guest }: Ordered,
  outcome: DisputeOutcome,
  { disputeId = `du_${orderId}`, version = 1 } = {},
) {
  const about = {
    orderId,
    orderNumber: 'ORD-2026-000001',
    userId: guest.userId,
    eventId: eventId as EventId,
    disputeId,
    outcome,
  }
  const payload = { ...about, amount: 10_000 as Minor, currency: 'EUR' as Currency, closedAt: new Date() }
  const before = await taken()
  await setting.deps.db.transact((tx) =>
    setting.appendAny(tx, disputeClosed, payload, { aggregateVersion: version }),
  )
  await until(async () => expect(await taken()).toBe(before + 1))
}
const taken = async () =>
  (await query("select count(*)::int as count from inbox where event_type = 'DISPUTE_CLOSED'")).rows[0]
    .count as number
const stopsOf = async (orderId: OrderId) =>
  (
    await query(
      `select status, stop_reason as reason from tickets where order_id = $1
       order by ordinal, created_at, ticket_id`,
      [orderId],
    )
  ).rows.map(({ status, reason }) => `${status} ${reason}`)
const toldTo = (definition: typeof ticketsStopped | typeof ticketsReinstated, userId: UserId) =>
  setting.probe
    .received(definition as typeof ticketsReinstated)
    .filter(({ payload }) => payload.userId === userId)

test('a lost dispute stops every unused ticket of its order, and notifies its holder once', async () => {
  const order = await ordered(3)
  const { eventId, typeId, organizer, guest, orderId } = order
  const codes = await Promise.all(guest.tickets.map(({ ticketId }) => codeOf(guest, ticketId)))
  expect((await show(organizer, eventId, codes[0] as string)).status).toBe(200)
  await publish(order, 'LOST')
  expect(await show(organizer, eventId, codes[1] as string)).toMatchObject({
    status: 409,
    body: {
      error: 'TICKET_STOPPED',
      stopReason: 'DISPUTE_LOST',
      message: expect.stringContaining('charged back'),
    },
  })
  expect((await stopsOf(orderId)).toSorted()).toEqual([
    'ACTIVE DISPUTE_LOST',
    'ACTIVE DISPUTE_LOST',
    'CHECKED_IN null',
  ])
  const { payload } = await setting.probe.waitFor(
    ticketsStopped,
    (message) => message.payload.orderId === orderId,
  )
  expect(payload).toMatchObject({
    userId: guest.userId,
    eventId,
    reason: 'DISPUTE_LOST',
    stoppedAt: expect.any(Date),
  })
  expect(payload.ticketIds.toSorted()).toEqual(
    [1, 2].map((index) => guest.tickets[index]?.ticketId).toSorted(),
  )
  expect(await setting.counters(typeId)).toEqual({ capacity: 20, held: 0, sold: 3 })
  const print = await setting.mailing.getOrderPrint({ params: { orderId }, query: {} })
  expect(print.body.tickets.map(({ ticketId }) => ticketId)).toEqual([guest.tickets[0]?.ticketId])
})

test('the present holders are notified, each of their own tickets, after a transfer too', async () => {
  const order = await ordered(2)
  const { guest, orderId } = order
  const friend = await account(setting)
  await passOn(guest, guest.ticketId, friend.email)
  await publish(order, 'LOST')
  const [received] = await ticketsOf(friend)
  expect(received).toMatchObject({ status: 'ACTIVE', stopReason: 'DISPUTE_LOST' })
  const published = await until(() => {
    const messages = setting.probe
      .received(ticketsStopped)
      .filter(({ payload }) => payload.orderId === orderId)
    expect(messages).toHaveLength(2)
    return new Map(messages.map(({ payload }) => [payload.userId, payload.ticketIds]))
  })
  expect(published.get(friend.userId)).toEqual([received?.ticketId])
  expect(published.get(guest.userId)).toEqual([guest.tickets[1]?.ticketId])
})

test('an organizer who wants it otherwise has it so, from then on', async () => {
  const order = await ordered(1)
  const { organizer, orderId } = order
  expect((await organizer.client.getDisputePolicy({})).body).toEqual({ stopTickets: true })
  for (const stopTickets of [false, true, false]) {
    expect(await organizer.client.putDisputePolicy({ body: { stopTickets } })).toEqual({
      status: 200,
      body: { stopTickets },
    })
    expect((await organizer.client.getDisputePolicy({})).body).toEqual({ stopTickets })
  }
  await publish(order, 'LOST')
  expect(await stopsOf(orderId)).toEqual(['ACTIVE null'])
  expect((await show(organizer, order.eventId, await codeOf(order.guest, order.guest.ticketId))).status).toBe(
    200,
  )
  const other = await ordered(1)
  expect((await other.organizer.client.getDisputePolicy({})).body).toEqual({ stopTickets: true })
  await publish(other, 'LOST')
  expect(await stopsOf(other.orderId)).toEqual(['ACTIVE DISPUTE_LOST'])
})

test('a ticket that its organizer reinstates stays valid, however often the loss is published', async () => {
  const order = await ordered(1)
  const { organizer, guest, orderId, eventId } = order
  const ticketId = guest.ticketId
  await publish(order, 'LOST')
  expect((await organizer.client.reinstateTicket({ params: { ticketId } })).status).toBe(200)
  await publish(order, 'LOST')
  expect(await stopsOf(orderId)).toEqual(['ACTIVE null'])
  expect((await show(organizer, eventId, await codeOf(guest, ticketId))).status).toBe(200)
  await setting.probe.waitFor(ticketsReinstated, ({ payload }) => payload.orderId === orderId)
  expect(toldTo(ticketsStopped, guest.userId)).toHaveLength(1)
  expect(toldTo(ticketsReinstated, guest.userId)).toHaveLength(1)
})

test.each(['WON', 'CLOSED'] as const)(
  'a dispute that is %s later reinstates what its loss has stopped, and nothing else',
  async (outcome) => {
    const order = await ordered(2)
    const { organizer, guest, orderId } = order
    const own = guest.tickets[0]?.ticketId as TicketId
    await organizer.client.stopTicket({ params: { ticketId: own }, body: {} })
    await publish(order, 'LOST')
    await publish(order, outcome, { version: 2 })
    expect((await stopsOf(orderId)).toSorted()).toEqual(['ACTIVE ORGANIZER', 'ACTIVE null'])
    const { payload } = await setting.probe.waitFor(
      ticketsReinstated,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload).toMatchObject({ userId: guest.userId, ticketIds: [guest.tickets[1]?.ticketId] })
  },
)

test('a ticket stopped by a dispute and its organizer stays stopped after the dispute', async () => {
  const order = await ordered(1)
  const { organizer, guest, orderId } = order
  await publish(order, 'LOST')
  const again = await organizer.client.stopTicket({
    params: { ticketId: guest.ticketId },
    body: { note: 'Not to be let in' },
  })
  expect(again).toMatchObject({ status: 200, body: { stopReason: 'ORGANIZER' } })
  await publish(order, 'WON', { version: 2 })
  expect(await stopsOf(orderId)).toEqual(['ACTIVE ORGANIZER'])
  expect(toldTo(ticketsStopped, guest.userId)).toHaveLength(1)
})

test('the latest outcome of a dispute counts, in whatever order they arrive', async () => {
  const order = await ordered(1)
  await publish(order, 'WON', { version: 2 })
  await publish(order, 'LOST', { version: 1 })
  expect(await stopsOf(order.orderId)).toEqual(['ACTIVE null'])
  await publish(order, 'LOST', { version: 3 })
  expect(await stopsOf(order.orderId)).toEqual(['ACTIVE DISPUTE_LOST'])
})

test('of two that are lost both must be won', async () => {
  const order = await ordered(1)
  const [first, second] = [`du_${randomUUID()}`, `du_${randomUUID()}`]
  for (const disputeId of [first, second]) await publish(order, 'LOST', { disputeId })
  await publish(order, 'WON', { disputeId: first, version: 2 })
  expect(await stopsOf(order.orderId)).toEqual(['ACTIVE DISPUTE_LOST'])
  await publish(order, 'WON', { disputeId: second, version: 2 })
  expect(await stopsOf(order.orderId)).toEqual(['ACTIVE null'])
})

test('a loss and admissions at the same moment: each ticket is admitted or stopped', async () => {
  const order = await ordered(10)
  const { organizer, guest, orderId, eventId } = order
  const codes = await Promise.all(guest.tickets.map(({ ticketId }) => codeOf(guest, ticketId)))
  const [, ...answers] = await Promise.all([
    publish(order, 'LOST'),
    ...codes.map((code) => show(organizer, eventId, code)),
  ])
  const admitted = answers.filter(({ status }) => status === 200).length
  expect((await stopsOf(orderId)).toSorted()).toEqual([
    ...Array(10 - admitted).fill('ACTIVE DISPUTE_LOST'),
    ...Array(admitted).fill('CHECKED_IN null'),
  ])
})

test('a loss that arrives before its tickets are issued fails and is retried', async () => {
  const { guest } = await ordered(1)
  const unknown = {
    disputeId: 'du_early',
    orderId: randomUUID() as OrderId,
    outcome: 'LOST',
    version: 1,
  } as const
  await expect(
    setting.deps.db.transact((tx) => setting.deps.stops.applyDispute(tx, unknown)),
  ).rejects.toThrow('before its tickets')
  expect((await query('select from order_disputes where dispute_id = $1', ['du_early'])).rowCount).toBe(0)
  expect(await ticketsOf(guest)).toMatchObject([{ status: 'ACTIVE' }])
})
