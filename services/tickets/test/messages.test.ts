import {
  type EventId,
  type MessageDefinition,
  type Minor,
  type OrderId,
  paymentFailed,
  type Queue,
  queueNames,
  queues,
  type ReservationId,
  reservationReleased,
  type TicketTypeId,
  ticketCheckedIn,
  ticketsGenerated,
  ticketTypeChanged,
} from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { orderSubscribers } from '../src/issuing/subscriptions.ts'
import { createExpirySweep, createOverdueSweep } from '../src/reservations/sweeps.ts'
import { deleteType } from '../src/types/change-type.ts'
import { account, buyer, codeOf, organizerOf, passOn, show, ticketsOf } from './people.ts'
import { publishedMessages } from './published-messages.ts'
import { newId, reserveFor, reserveForOrder, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

const published = <D extends MessageDefinition>(definition: D, eventId: EventId) =>
  publishedMessages(setting, definition, eventId)

/** The reservations that were published as ended. */
const ended = async (eventId: EventId) =>
  (await published(reservationReleased, eventId)).map(({ payload }) => [
    payload.reservationId,
    payload.outcome,
  ])

async function hold(eventId: EventId, typeId: TicketTypeId, quantity = 1) {
  const holder = await setting.user()
  const answer = await holder.client.createReservation({
    body: { eventId, ticketRequests: some(typeId, quantity) },
  })
  if (answer.status !== 201) throw new Error('not reserved')
  return { ...holder, reservationId: answer.body.reservationId }
}

/** Does something and rolls it back. */
async function undone(work: (tx: Tx) => Promise<void>): Promise<void> {
  const changedTheirMind = new Error('rolled back')
  const rolledBack = setting.deps.db.transact(async (tx) => {
    await work(tx)
    throw changedTheirMind
  })
  await expect(rolledBack).rejects.toBe(changedTheirMind)
}

test('only the read side subscribes to these messages', () => {
  const listeners = ({ topics, eventType }: MessageDefinition) =>
    queueNames.filter((name) => {
      const { subscriptions }: Queue = queues[name]
      return subscriptions.some(
        ({ topic, eventTypes }) => topics.includes(topic) && (eventTypes?.includes(eventType) ?? true),
      )
    })
  for (const definition of [ticketTypeChanged, ticketCheckedIn, reservationReleased]) {
    expect(listeners(definition)).toEqual(['analytics-queue'])
  }
})

describe('a ticket type', () => {
  test('is published in its current state with every change, each with a higher version', async () => {
    const { eventId, typeId, organizer } = await setting.offer(10)
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    const params = { ticketTypeId: typeId }
    await client.updateTicketType({ params, body: { unitPrice: 6_050 as Minor, name: 'Floor' } })
    await client.updateTicketType({ params, body: { quantity: 25 } })
    expect((await client.deleteTicketType({ params })).status).toBe(204)
    const made = {
      ticketTypeId: typeId,
      eventId,
      name: 'Standing',
      kind: 'GENERAL',
      unitPrice: 5_000,
      currency: 'EUR',
    }
    const floor = { ...made, name: 'Floor', unitPrice: 6_050 }
    expect(
      (await published(ticketTypeChanged, eventId)).map(({ aggregateVersion, payload }) => [
        aggregateVersion,
        payload,
      ]),
    ).toEqual([
      [1, { ...made, quantityTotal: 10, withdrawn: false }],
      [2, { ...floor, quantityTotal: 10, withdrawn: false }],
      [3, { ...floor, quantityTotal: 25, withdrawn: false }],
      [4, { ...floor, quantityTotal: 0, withdrawn: true }],
    ])
  })

  test('is published once when its request is repeated; its quantity is that of the seats', async () => {
    const { eventId, organizer } = await setting.offerSeats([[2], [3]], { sold: [1] })
    const request = {
      body: { eventId, name: 'Balcony', unitPrice: 4_000 as Minor, currency: 'EUR' as const, zoneIds: [2] },
      headers: { 'idempotency-key': newId<string>() },
    }
    for (let times = 0; times < 2; times++)
      expect((await organizer.client.createTicketType(request)).status).toBe(201)
    // The process died before it answered: the type is created again under the same id.
    await query(
      `update idempotency_keys set status = null, answer = null, leased_until = now() - interval '1 second'`,
    )
    expect((await organizer.client.createTicketType(request)).status).toBe(201)
    expect(
      (await published(ticketTypeChanged, eventId)).map(({ payload }) => [
        payload.kind,
        payload.quantityTotal,
      ]),
    ).toEqual([
      ['SEATED', 2],
      ['SEATED', 3],
    ])
  })

  test('is not published when a change is refused or rolled back', async () => {
    const { eventId, typeId, organizer } = await setting.offer(10)
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    await hold(eventId, typeId, 3)
    expect(
      (await client.updateTicketType({ params: { ticketTypeId: typeId }, body: { quantity: 2 } })).status,
    ).toBe(409)
    const other = await setting.offer(10)
    const replica = await setting.deps.findEventReplica(other.eventId)
    if (!replica) throw new Error('no replica')
    await undone(async (tx) => {
      expect(await deleteType(setting.deps, tx, replica, other.typeId)).toMatchObject({ outcome: 'changed' })
    })
    for (const event of [eventId, other.eventId])
      expect(await published(ticketTypeChanged, event)).toHaveLength(1)
  })
})

describe('an admission', () => {
  test("is published once, however often the code is shown, with the holder's id", async () => {
    const offered = await setting.offer(10)
    const { eventId, typeId } = offered
    const organizer = await organizerOf(setting, offered)
    const [bought, friend] = [await buyer(setting, eventId, some(typeId)), await account(setting)]
    await passOn(bought, bought.ticketId, friend.email)
    const [ticket] = await ticketsOf(friend)
    if (!ticket) throw new Error('not passed on')
    const code = await codeOf(friend, ticket.ticketId)
    const key = newId<string>()
    const admitted = await show(organizer, eventId, code, { gate: 'North', key })
    if (admitted.status !== 200) throw new Error('not admitted')
    await show(organizer, eventId, code, { gate: 'North', key })
    await query(
      `update idempotency_keys set status = null, answer = null, leased_until = now() - interval '1 second'
       where key = $1`,
      [key],
    )
    expect((await show(organizer, eventId, code, { gate: 'North', key })).status).toBe(200)
    expect((await show(organizer, eventId, code)).status).toBe(409)
    expect(await published(ticketCheckedIn, eventId)).toMatchObject([
      {
        aggregateVersion: 2,
        payload: {
          ticketId: ticket.ticketId,
          ticketNumber: ticket.ticketNumber,
          ticketTypeId: typeId,
          orderId: bought.orderId,
          userId: friend.userId,
          eventId,
          checkedInAt: admitted.body.checkedInAt,
          gate: 'North',
        },
      },
    ])
  })

  test('is published without a gate if none was given', async () => {
    const offered = await setting.offer(10)
    const guest = await buyer(setting, offered.eventId, some(offered.typeId))
    await show(await organizerOf(setting, offered), offered.eventId, await codeOf(guest, guest.ticketId))
    const [message] = await published(ticketCheckedIn, offered.eventId)
    expect(message?.payload).not.toHaveProperty('gate')
  })
})

describe('a reservation that ended without tickets', () => {
  test('is published once with what it held, whichever sweep or buyer ends it', async () => {
    const { eventId, typeId } = await setting.offer(50)
    const [over, own] = [await hold(eventId, typeId, 3), await hold(eventId, typeId, 2)]
    await setting.expire(over.reservationId)
    for (let times = 0; times < 2; times++) await createExpirySweep(setting.deps)()
    const release = () => own.client.releaseReservation({ params: { reservationId: own.reservationId } })
    expect((await Promise.all([release(), release()])).map(({ status }) => status)).toEqual([204, 204])
    const messages = await published(reservationReleased, eventId)
    const [instant, of] = [expect.any(Date), (quantity: number) => [{ ticketTypeId: typeId, quantity }]]
    const both = { eventId, heldAt: instant, releasedAt: instant }
    expect(messages.map(({ payload }) => payload)).toEqual([
      { ...both, reservationId: over.reservationId, userId: over.userId, outcome: 'EXPIRED', tickets: of(3) },
      { ...both, reservationId: own.reservationId, userId: own.userId, outcome: 'CANCELLED', tickets: of(2) },
    ])
    const { rows } = await query('select created_at from reservations where reservation_id = $1', [
      own.reservationId,
    ])
    expect(messages[1]?.payload.heldAt).toEqual(rows[0]?.created_at)
  })

  test('is published with all of its lines, each reservation of a batch', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[3], [4]], { sold: [1] })
    const balcony = await organizer.client.createTicketType({
      body: { eventId, name: 'Balcony', unitPrice: 4_000 as Minor, currency: 'EUR', zoneIds: [2] },
    })
    if (balcony.status !== 201) throw new Error('no type was made')
    const { ticketTypeId } = balcony.body
    const ticketRequests = [...seats(typeId, '1-A-1'), ...seats(ticketTypeId, '2-A-1', '2-A-2')]
    const held = await Promise.all(
      [ticketRequests, seats(typeId, '1-A-2'), seats(typeId, '1-A-3')].map((requests) =>
        reserveFor(setting, eventId, requests),
      ),
    )
    await query(`update reservations set status = 'ACTIVE', order_id = null where event_id = $1`, [eventId])
    for (const { reservationId } of held) await setting.expire(reservationId)
    await createExpirySweep(setting.deps)()
    const messages = await published(reservationReleased, eventId)
    expect(messages.map(({ payload }) => payload.reservationId).sort()).toEqual(
      held.map((one) => one.reservationId).sort(),
    )
    const first = messages.find(({ payload }) => payload.reservationId === held[0]?.reservationId)
    expect(first?.payload.tickets.toSorted((a, b) => a.quantity - b.quantity)).toEqual([
      { ticketTypeId: typeId, quantity: 1 },
      { ticketTypeId, quantity: 2 },
    ])
  })

  test('is published in one statement together with all others of its batch', async () => {
    const { eventId, typeId } = await setting.offer(6)
    const over = await Promise.all(Array.from({ length: 6 }, () => hold(eventId, typeId)))
    for (const { reservationId } of over) await setting.expire(reservationId)
    const { expiry } = setting.deps
    const statements: string[] = []
    const released = await setting.deps.db.transact((tx) => {
      const listening: Tx = {
        ...tx,
        query: (sql, values) => {
          statements.push(sql)
          return tx.query(sql, values)
        },
      }
      return expiry.expireOf(listening, { eventId, ticketTypeIds: [typeId], seatIds: [] }, { wait: true })
    })
    expect(statements.filter((sql) => sql.includes('into outbox'))).toHaveLength(1)
    expect(released).toHaveLength(6)
    expect((await ended(eventId)).toSorted()).toEqual(
      over.map((one) => [one.reservationId, 'EXPIRED']).toSorted(),
    )
  })

  test('is published when another buyer takes its places, and when its type is changed', async () => {
    const { eventId, typeId, organizer } = await setting.offer(2)
    const first = await hold(eventId, typeId, 2)
    await setting.expire(first.reservationId)
    const second = await hold(eventId, typeId, 2)
    expect(await ended(eventId)).toEqual([[first.reservationId, 'EXPIRED']])
    await setting.expire(second.reservationId)
    const { client } = await setting.user(['ORGANIZER'], organizer.userId)
    expect(
      (await client.updateTicketType({ params: { ticketTypeId: typeId }, body: { quantity: 1 } })).status,
    ).toBe(200)
    expect(await ended(eventId)).toEqual([
      [first.reservationId, 'EXPIRED'],
      [second.reservationId, 'EXPIRED'],
    ])
  })

  test('is published when an order loses its claim: released, failed, late or cancelled', async () => {
    const { eventId, typeId } = await setting.offer(50)
    const claims: Claim[] = await Promise.all(
      Array.from({ length: 5 }, () => reserveForOrder(setting, eventId, typeId)),
    )
    const [released, failed, overdue, rejected, cancelled] = claims as [Claim, Claim, Claim, Claim, Claim]
    const release = ({ orderId, reservationId }: Claim) =>
      setting.internal.releaseClaim({ body: { orderId, reservationId, reason: 'PAYMENT_FAILED' } })
    for (let times = 0; times < 2; times++) await release(released)
    await fail(failed, eventId)
    await setting.expire(overdue.reservationId)
    await createOverdueSweep(setting.deps)()
    for (let times = 0; times < 2; times++) {
      await setting.internal.cancelOrderTickets({
        body: { orderId: cancelled.orderId, reason: 'event cancelled' },
      })
    }
    await query(`update event_pictures set status = 'CANCELLED' where event_id = $1`, [eventId])
    const { orderId, reservationId, userId } = rejected
    const confirm = { orderId, reservationId, userId, holderName: 'Ada' }
    for (let times = 0; times < 2; times++) {
      expect(await setting.internal.confirmPurchase({ body: confirm })).toMatchObject({ status: 409 })
    }
    expect((await ended(eventId)).toSorted()).toEqual(
      claims.map((claim) => [claim.reservationId, 'CANCELLED']).toSorted(),
    )
  })

  test('is not published when it became tickets, nor when its end is rolled back', async () => {
    const { eventId, typeId } = await setting.offer(50)
    await buyer(setting, eventId, some(typeId))
    const { orderId, reservationId } = await reserveForOrder(setting, eventId, typeId)
    const over = await hold(eventId, typeId)
    await setting.expire(over.reservationId)
    await undone(async (tx) => {
      const { expiry, releases } = setting.deps
      expect(await expiry.expireOldest(tx)).toContainEqual(
        expect.objectContaining({ reservationId: over.reservationId }),
      )
      expect(await releases.releaseClaim(tx, { orderId, reservationId, reason: 'X' })).toMatchObject({
        outcome: 'released',
      })
    })
    expect(await published(ticketsGenerated, eventId)).toHaveLength(1)
    expect(await published(reservationReleased, eventId)).toEqual([])
  })
})

type Claim = {
  orderId: OrderId
  reservationId: ReservationId
  userId: Awaited<ReturnType<typeof hold>>['userId']
}

/** Publishes PAYMENT_FAILED twice. */
async function fail({ orderId, reservationId, userId }: Claim, eventId: EventId): Promise<void> {
  const subscriber = orderSubscribers(setting.deps).find(({ definition }) => definition === paymentFailed)
  const payload = { orderId, reservationId, userId, eventId, failureReason: 'CARD_DECLINED' }
  for (let times = 0; times < 2; times++) {
    await setting.deps.db.transact(async (tx) => subscriber?.handle(tx, { payload } as never))
  }
}
