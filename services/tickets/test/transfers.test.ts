import {
  type RefundId,
  type TicketId,
  ticketCancelled,
  ticketTransferOffered,
  ticketTransferred,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
  transfersOf,
} from './people.ts'
import { newId, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({ TRANSFERS_PER_HOUR_MAX: '5' }, { workers: 'relay' })
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)
const about = (ticketId: TicketId) => (message: { payload: unknown }) =>
  (message.payload as { ticketId: TicketId }).ticketId === ticketId

describe('a ticket that is transferred to a confirmed address', () => {
  test('belongs to its recipient at once: the old code fails, and the sender never sees it', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[4]])
    const door = await organizerOf(setting, { organizer })
    const sender = await buyer(setting, eventId, seats(typeId, '1-A-3'))
    const recipient = await account(setting)
    const oldCode = await codeOf(sender, sender.ticketId)

    const answer = await passOn(sender, sender.ticketId, recipient.email.toUpperCase())
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ticketId: sender.ticketId,
        eventId,
        status: 'COMPLETED',
        email: recipient.email,
        holderName: 'Bob Nowak',
      },
    })
    const [received] = (await ticketsOf(recipient)) as [Awaited<ReturnType<typeof ticketsOf>>[0]]
    expect(received).toMatchObject({
      ...sender.ticket,
      ticketId: expect.not.stringMatching(sender.ticketId),
      ticketNumber: expect.not.stringMatching(sender.ticket.ticketNumber),
      qrCode: expect.any(String),
      createdAt: expect.any(Date),
      holderName: 'Bob Nowak',
      status: 'ACTIVE',
      seat: { zoneId: 1, rowLabel: 'A', colLabel: '3' },
    })
    const params = { ticketId: received.ticketId }
    for (const call of ['getTicket', 'getTicketQr', 'getTicketPdf'] as const) {
      expect((await sender.client[call]({ params })).status).toBe(404)
    }
    expect((await passOn(sender, received.ticketId, sender.email)).status).toBe(404)
    expect((await recipient.client.getTicketPdf({ params })).status).toBe(200)
    expect(await ticketsOf(sender)).toEqual([{ ...sender.ticket, status: 'TRANSFERRED' }])
    expect(JSON.stringify(answer) + JSON.stringify(await transfersOf(sender))).not.toContain(
      received.ticketId,
    )

    const old = { params: { ticketId: sender.ticketId } }
    expect((await sender.client.getTicket(old)).body).toMatchObject({ status: 'TRANSFERRED' })
    const refused = { status: 409, body: { error: 'TICKET_TRANSFERRED' } }
    expect(await sender.client.getTicketQr(old)).toMatchObject(refused)
    expect(await sender.client.getTicketPdf(old)).toMatchObject(refused)
    expect(await show(door, eventId, oldCode)).toMatchObject(refused)
    const code = await codeOf(recipient, received.ticketId)
    expect(await show(door, eventId, code)).toMatchObject({
      status: 200,
      body: { ticket: { ticketId: received.ticketId, seat: { colLabel: '3' } } },
    })
    expect((await setting.maps(eventId)).postgres).toBe('..s.')
    const { tickets } = (await setting.internal.getOrderTickets({ params: { orderId: sender.orderId } })).body
    expect(tickets).toMatchObject([{ ticketId: sender.ticketId, status: 'TRANSFERRED' }])
  })

  test('is published once, with sender and recipient', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const recipient = await account(setting)
    await passOn(sender, sender.ticketId, recipient.email)
    const { payload } = await setting.probe.waitFor(ticketTransferred, about(sender.ticketId))
    const [received] = await ticketsOf(recipient)
    const { ticketNumber, ticketTypeId } = sender.ticket
    expect(payload).toEqual({
      ...{
        ticketId: sender.ticketId,
        ticketNumber,
        ticketTypeId,
        orderId: sender.orderId,
        eventId,
        userId: sender.userId,
      },
      newTicketId: received?.ticketId,
      recipientId: recipient.userId,
      recipientEmail: recipient.email,
      holderName: 'Bob Nowak',
    })
    expect(setting.probe.received(ticketTransferOffered).filter(about(sender.ticketId))).toEqual([])
  })

  test('can be passed on again, and come back', async () => {
    const { eventId, typeId } = await setting.offer(3, { maxPerUser: 1 })
    const first = await buyer(setting, eventId, some(typeId))
    const second = await account(setting)
    await passOn(first, first.ticketId, second.email)
    const [middle] = await ticketsOf(second)
    await passOn(second, middle?.ticketId as TicketId, first.email, { holderName: 'Łucja Ćwik' })
    expect((await ticketsOf(first)).map(({ status }) => status)).toEqual(['ACTIVE', 'TRANSFERRED'])
    const { rows } = await query(
      `select count(distinct ticket_number)::int as numbers,
         count(*) filter (where status = 'ACTIVE')::int as valid
       from tickets where order_id = $1`,
      [first.orderId],
    )
    expect(rows).toEqual([{ numbers: 3, valid: 1 }])
    expect(await setting.counters(typeId)).toEqual({ capacity: 3, held: 0, sold: 1 })
  })

  test('does not count for the recipient, and still counts for who bought it', async () => {
    const { eventId, typeId } = await setting.offer(5, { maxPerUser: 1 })
    const sender = await buyer(setting, eventId, some(typeId))
    const recipient = await buyer(setting, eventId, some(typeId))
    expect((await passOn(sender, sender.ticketId, recipient.email)).status).toBe(200)
    const more = await sender.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } })
    expect(more).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED' } })
  })

  test('no longer counts for its buyer once it was refunded', async () => {
    const { eventId, typeId } = await setting.offer(5, { maxPerUser: 1 })
    const sender = await buyer(setting, eventId, some(typeId))
    await passOn(sender, sender.ticketId, (await account(setting)).email)
    const refund = { orderId: sender.orderId, refundId: newId<RefundId>(), reason: 'refunded', force: true }
    expect((await setting.internal.cancelOrderTickets({ body: refund })).status).toBe(200)
    const again = await sender.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } })
    expect(again).toMatchObject({ status: 201 })
  })

  test('is transferred once when repeated under its key, even after its process died', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const recipient = await account(setting)
    const key = newId<string>()
    const first = await passOn(sender, sender.ticketId, recipient.email, { key })
    await query(
      `update idempotency_keys set status = null, answer = null, leased_until = now() - interval '1 second'
       where key = $1`,
      [key],
    )
    setting.auth.isDown = true // a repeated request needs no other service
    const second = await passOn(sender, sender.ticketId, recipient.email, { key })
    setting.auth.isDown = false
    expect(second).toEqual(first)
    expect(await ticketsOf(recipient)).toHaveLength(1)
  })

  test('is transferred once by concurrent requests', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const recipients = await Promise.all(Array.from({ length: 4 }, () => account(setting)))
    const answers = await Promise.all(recipients.map(({ email }) => passOn(sender, sender.ticketId, email)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    const received = (await Promise.all(recipients.map(ticketsOf))).flat()
    expect(received).toHaveLength(1)
  })
})

describe('a ticket is not transferred', () => {
  test('by a user other than its holder, to oneself, or when it was used or refunded', async () => {
    const { eventId, typeId, organizer } = await setting.offer(5)
    const sender = await buyer(setting, eventId, some(typeId, 3))
    const [used, refunded, good] = sender.tickets.map(({ ticketId }) => ticketId) as [
      TicketId,
      TicketId,
      TicketId,
    ]
    const stranger = await account(setting)
    expect(await passOn(stranger, good, stranger.email)).toMatchObject({
      status: 404,
      body: { error: 'TICKET_NOT_FOUND' },
    })
    expect(await passOn(sender, newId<TicketId>(), stranger.email)).toMatchObject({
      body: { error: 'TICKET_NOT_FOUND' },
    })
    const alias = newAddress()
    setting.accounts.set(alias, { userId: sender.userId, emailVerified: true })
    for (const email of [sender.email, alias]) {
      expect(await passOn(sender, good, email)).toMatchObject({
        status: 409,
        body: { error: 'TRANSFER_TO_SELF' },
      })
    }
    const door = await organizerOf(setting, { organizer })
    await show(door, eventId, await codeOf(sender, used))
    const { orderId } = sender
    await setting.internal.cancelOrderTickets({
      body: { orderId, ticketIds: [refunded], reason: 'refunded' },
    })
    for (const ticketId of [used, refunded]) {
      expect(await passOn(sender, ticketId, stranger.email)).toMatchObject({
        status: 409,
        body: { error: 'TICKET_NOT_TRANSFERABLE' },
      })
    }
    expect(await transfersOf(sender)).toEqual([])
  })

  test.each([
    ['EVENT_CANCELLED', `status = 'CANCELLED', cancelled_at = now()`],
    ['EVENT_OVER', `status = 'COMPLETED'`],
    ['EVENT_OVER', `end_date = now() - interval '1 second'`],
  ])('when the event is: %s', async (error, change) => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    await query(`update event_pictures set ${change} where event_id = $1`, [eventId])
    expect(await passOn(sender, sender.ticketId, newAddress())).toMatchObject({
      status: 409,
      body: { error },
    })
  })

  test('more often than the limit per hour', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    for (let times = 0; times < 5; times++) {
      const params = { transferId: transferIdOf(await passOn(sender, sender.ticketId, newAddress())) }
      await sender.client.cancelTransfer({ params })
    }
    expect(await passOn(sender, sender.ticketId, newAddress())).toMatchObject({
      status: 429,
      body: { error: 'RATE_LIMITED' },
    })
    const pages = [await sender.client.listTransfers({ query: { limit: 3 } })]
    pages.push(
      await sender.client.listTransfers({ query: { limit: 3, cursor: pages[0]?.body.nextCursor ?? '' } }),
    )
    expect(
      new Set(pages.flatMap(({ body }) => body.transfers.map(({ transferId }) => transferId))).size,
    ).toBe(5)
    expect(pages[1]?.body.nextCursor).toBeNull()
  })
})

describe('refunding an order of which a ticket was transferred', () => {
  test('is refused unless forced; then the recipient’s ticket is cancelled, as the issued one', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[4]])
    const sender = await buyer(setting, eventId, seats(typeId, '1-A-1', '1-A-2'))
    const recipient = await account(setting)
    await passOn(sender, sender.ticketId, recipient.email)
    const [received] = await ticketsOf(recipient)
    const code = await codeOf(recipient, received?.ticketId as TicketId)
    const body = { orderId: sender.orderId, refundId: newId<RefundId>(), reason: 'refunded' }
    expect(await setting.internal.cancelOrderTickets({ body })).toMatchObject({
      status: 409,
      body: { error: 'TICKETS_USED', ticketIds: [sender.ticketId] },
    })
    expect(await setting.internal.cancelOrderTickets({ body: { ...body, force: true } })).toMatchObject({
      status: 200,
      body: { cancelled: sender.tickets.map(({ ticketId }) => ({ ticketId })) },
    })
    expect(await ticketsOf(recipient)).toMatchObject([{ status: 'CANCELLED' }])
    await setting.probe.waitFor(ticketCancelled, about(received?.ticketId as TicketId))
    const door = await organizerOf(setting, { organizer })
    expect(await show(door, eventId, code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_CANCELLED' },
    })
    expect((await setting.maps(eventId)).postgres).toBe('....')
    expect(await setting.counters(typeId)).toEqual({ capacity: 4, held: 0, sold: 0 })
  })

  test('waits for who passes it on in that moment, and finds the ticket that took its place', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const sender = await buyer(setting, eventId, some(typeId))
    const recipient = await account(setting)
    const waiting = async () =>
      (
        await query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
      ).rowCount
    // Both requests are in progress, and neither has locked the ticket yet.
    const blocking = await setting.deps.pool.connect()
    await blocking.query('begin')
    await blocking.query('select from tickets where ticket_id = $1 for update', [sender.ticketId])
    const passing = passOn(sender, sender.ticketId, recipient.email)
    await until(async () => expect(await waiting()).toBe(1))
    const body = { orderId: sender.orderId, refundId: newId<RefundId>(), reason: 'refunded', force: true }
    const cancelling = setting.internal.cancelOrderTickets({ body })
    await until(async () => expect(await waiting()).toBe(2))
    await blocking.query('commit')
    blocking.release()
    expect((await passing).status).toBe(200)
    expect(await cancelling).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: sender.ticketId }] },
    })
    expect(await ticketsOf(recipient)).toMatchObject([{ status: 'CANCELLED' }])
    expect(await setting.counters(typeId)).toEqual({ capacity: 3, held: 0, sold: 0 })
  })
})

test('without the auth service nothing is passed on, and nothing has happened', async () => {
  const lonely = await startService()
  const { eventId, typeId } = await lonely.offer(3)
  const sender = await buyer(lonely, eventId, some(typeId))
  lonely.auth.isDown = true
  const answer = await lonely.app.inject({
    method: 'POST',
    url: `/api/tickets/${sender.ticketId}/transfer`,
    headers: sender.headers,
    payload: { email: newAddress(), holderName: 'Bob' },
  })
  expect([answer.statusCode, answer.json().error]).toEqual([503, 'SERVICE_UNAVAILABLE'])
  expect(await transfersOf(sender)).toEqual([])
  expect(await ticketsOf(sender)).toEqual([sender.ticket])
  await lonely.close()
})
