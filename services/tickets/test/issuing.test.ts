import {
  type EventId,
  type EventInfo,
  eventCancelled,
  eventPublished,
  LINES_MAX,
  type MessageDefinition,
  type Minor,
  type NotificationId,
  type OrderId,
  type Payload,
  paymentCompleted,
  paymentFailed,
  TICKETS_PER_ORDER_MAX,
  type TicketTypeId,
  ticketCancelled,
  ticketDeliveryFailed,
  ticketsDelivered,
  ticketsGenerated,
  ticketsRejected,
  ticketsRoutes,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId, reserveFor, reserveForOrder, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({}, { workers: 'all' })
})
afterAll(() => setting.close())

type Reserved = Awaited<ReturnType<typeof reserveForOrder>>

/** Publishes a message of another service through this service's own outbox. */
const publish = <D extends MessageDefinition>(definition: D, payload: Payload<D>, aggregateVersion = 1) =>
  setting.deps.db.transact((tx) => setting.appendAny(tx, definition, payload, { aggregateVersion }))

const paid = (
  eventId: EventId,
  typeId: TicketTypeId,
  order: Reserved,
  quantity = 1,
): Payload<typeof paymentCompleted> => ({
  orderId: order.orderId,
  orderNumber: 'ORD-2026-000001',
  userId: order.userId,
  eventId,
  reservationId: order.reservationId,
  holderName: 'Łucja Ćwik',
  totalAmount: (5_000 * quantity) as Minor,
  currency: 'EUR',
  paymentMethod: 'CREDIT_CARD',
  transactionId: 'pi_1',
  items: [{ ticketTypeId: typeId, quantity, unitPrice: 5_000 as Minor }],
})
const confirm = ({ orderId, reservationId, userId }: Reserved) =>
  setting.internal.confirmPurchase({ body: { orderId, reservationId, userId, holderName: 'Łucja Ćwik' } })
const release = ({ orderId, reservationId }: Reserved) =>
  setting.internal.releaseClaim({ body: { orderId, reservationId, reason: 'PAYMENT_FAILED' } })
const ticketsOf = async (orderId: OrderId) =>
  (await setting.internal.getOrderTickets({ params: { orderId } })).body
const aboutOrder = (orderId: OrderId) => (message: { payload: unknown }) =>
  (message.payload as { orderId: OrderId }).orderId === orderId

describe('a paid order', () => {
  test('gets its tickets and says so when PAYMENT_COMPLETED comes', async () => {
    const { event, eventId, typeId } = await setting.offer(5)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    await publish(paymentCompleted, paid(eventId, typeId, order, 2))
    const { payload } = await setting.probe.waitFor(ticketsGenerated, aboutOrder(order.orderId))
    const { outcome, tickets } = await ticketsOf(order.orderId)
    expect(outcome).toBe('ISSUED')
    expect(tickets).toHaveLength(2)
    expect(payload).toMatchObject({
      eventId,
      userId: order.userId,
      reservationId: order.reservationId,
      venueId: event.venueId,
    })
    expect(payload.tickets).toEqual(
      tickets.map(({ ticketId, ticketNumber, qrCode, ticketTypeId, holderName, createdAt }) => ({
        createdAt,
        ticketId,
        ticketNumber,
        qrCode,
        ticketTypeId,
        ticketTypeName: expect.stringMatching(/./),
        holderName,
        unitPrice: 5_000,
        currency: 'EUR',
      })),
    )
    expect(tickets[0]?.ticketNumber).toMatch(/^TKT-\d{4}-\d{6}$/)
    expect(tickets[0]?.qrCode).toBe(`https://boxoffice.test/api/tickets/${tickets[0]?.ticketId}/qr.png`)
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 0, sold: 2 })
    expect(await setting.statusOf(order.reservationId)).toBe('COMPLETED')
  })

  test('is shown as sold in Redis after the commit, and as free when its payment failed', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const { availabilityCache } = setting.deps
    const spies = [vi.spyOn(availabilityCache, 'sell'), vi.spyOn(availabilityCache, 'release')]
    const [bought, failed] = [
      await reserveForOrder(setting, eventId, typeId, 2),
      await reserveForOrder(setting, eventId, typeId),
    ]
    await publish(paymentCompleted, paid(eventId, typeId, bought, 2))
    const { orderNumber, totalAmount, currency } = paid(eventId, typeId, failed)
    const { orderId, userId, reservationId } = failed
    const why = { failureReason: 'CARD_DECLINED', errorMessage: 'declined', retryable: false } as const
    await publish(paymentFailed, {
      ...why,
      orderId,
      orderNumber,
      userId,
      eventId,
      reservationId,
      totalAmount,
      currency,
    })
    const about = (reservation: { reservationId: string }) => [
      expect.objectContaining({ eventId, reservationId: reservation.reservationId }),
    ]
    await until(async () => expect(await spies[0]?.mock.calls).toContainEqual([about(bought)]))
    await until(async () => expect(await spies[1]?.mock.calls).toContainEqual([about(failed)]))
    for (const spy of spies) {
      await Promise.all(spy.mock.results.map(({ value }) => value))
      spy.mockRestore()
    }
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
    expect(await setting.redis.hlen(`tickets:{${eventId}}:lines`)).toBe(0)
  })

  test('gets them once, however often and by whichever way they are requested', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    const answers = await Promise.all([confirm(order), confirm(order), confirm(order)])
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 200, body: { confirmed: true } })
    await publish(paymentCompleted, paid(eventId, typeId, order, 2))
    // A message about a later order shows that the earlier one was handled.
    const other = await reserveForOrder(setting, eventId, typeId)
    await publish(paymentCompleted, paid(eventId, typeId, other))
    await setting.probe.waitFor(ticketsGenerated, aboutOrder(other.orderId))
    await until(async () =>
      expect(
        (await setting.deps.pool.query(`select 1 from inbox where event_type = 'PAYMENT_COMPLETED'`))
          .rowCount,
      ).toBeGreaterThanOrEqual(3),
    )
    expect((await ticketsOf(order.orderId)).tickets).toHaveLength(2)
    expect(setting.probe.received(ticketsGenerated).filter(aboutOrder(order.orderId))).toHaveLength(1)
    expect(await setting.counters(typeId)).toEqual({ capacity: 5, held: 0, sold: 3 })
  })

  test('cannot be released any more', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const order = await reserveForOrder(setting, eventId, typeId)
    await confirm(order)
    expect(await release(order)).toMatchObject({ status: 409, body: { error: 'TICKETS_ISSUED' } })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 1 })
  })

  test('whose claim was lost takes its places again if they are free', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    await setting.loseClaim(order)
    expect(await confirm(order)).toMatchObject({ status: 200, body: { confirmed: true } })
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 2 })
    expect(await setting.statusOf(order.reservationId)).toBe('CANCELLED')
  })

  test('whose claim was lost to another buyer is rejected, once', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const order = await reserveForOrder(setting, eventId, typeId)
    await setting.loseClaim(order)
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(200)
    await publish(paymentCompleted, paid(eventId, typeId, order))
    const { payload } = await setting.probe.waitFor(ticketsRejected, aboutOrder(order.orderId))
    expect(payload).toMatchObject({ reason: 'INSUFFICIENT_INVENTORY', reservationId: order.reservationId })
    expect(await confirm(order)).toMatchObject({
      status: 409,
      body: { confirmed: false, outcome: 'REJECTED' },
    })
    expect(setting.probe.received(ticketsRejected).filter(aboutOrder(order.orderId))).toHaveLength(1)
  })

  test('of a reservation that it never claimed is rejected, and the hold stays its buyer’s', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } })
    if (held.status !== 201) throw new Error('not reserved')
    const { reservationId } = held.body
    const invented = {
      orderId: newId<OrderId>(),
      reservationId,
      userId: buyer.userId,
      answer: held,
    } as unknown as Reserved
    expect(await confirm(invented)).toMatchObject({
      status: 409,
      body: { outcome: 'REJECTED', reason: 'NOT_CLAIMED' },
    })
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 1, sold: 0 })
    const order = await reserveForOrder(setting, eventId, typeId)
    const another = { ...order, orderId: newId<OrderId>() }
    await publish(paymentCompleted, paid(eventId, typeId, another))
    expect((await setting.probe.waitFor(ticketsRejected, aboutOrder(another.orderId))).payload.reason).toBe(
      'NOT_CLAIMED',
    )
    expect(await confirm(order)).toMatchObject({ status: 200 })
    expect(await setting.statusOf(reservationId)).toBe('ACTIVE')
  })

  test('of the largest order with the longest names is published in parts that fit SNS', async () => {
    const { eventId, organizer } = await setting.offer(1)
    const client = injectClient(setting.app, ticketsRoutes, organizer.headers)
    const types = await Promise.all(
      Array.from({ length: LINES_MAX }, async (_, index) => {
        const name = `${index}`.padEnd(100, '席')
        const kind = { unitPrice: 100 as Minor, currency: 'EUR', quantity: 100, maxPerOrder: 100 } as const
        const answer = await client.createTicketType({ body: { eventId, name, ...kind } })
        if (answer.status !== 201) throw new Error(`no type was made: ${answer.status}`)
        return answer.body.ticketTypeId
      }),
    )
    const order = await reserveFor(
      setting,
      eventId,
      types.map((ticketTypeId) => ({ ticketTypeId, quantity: 100 })),
    )
    const holderName = '会'.repeat(200)
    await publish(paymentCompleted, { ...paid(eventId, types[0] as TicketTypeId, order), holderName })
    const received = () => setting.probe.received(ticketsGenerated).filter(aboutOrder(order.orderId))
    await until(() => expect(received()[0]?.payload.parts).toBe(received().length))
    expect(received().length).toBeGreaterThan(10)
    const parts = received().sort((a, b) => a.payload.part - b.payload.part)
    expect(parts.map(({ payload: { part, parts } }) => [part, parts])).toEqual(
      parts.map((_, index) => [index + 1, parts.length]),
    )
    const published = parts.flatMap(({ payload }) => payload.tickets)
    const { tickets } = await ticketsOf(order.orderId)
    expect(published.map(({ ticketId }) => ticketId)).toEqual(tickets.map(({ ticketId }) => ticketId))
    expect(new Set(published.map(({ ticketNumber }) => ticketNumber)).size).toBe(TICKETS_PER_ORDER_MAX)
    expect(published.every((ticket) => ticket.holderName === holderName)).toBe(true)
  })

  test('that can never be issued is rejected at once, logged, and frees its places', async () => {
    const { eventId, typeId } = await setting.offer(2)
    await setting.deps.pool.query(
      `alter table tickets add constraint nobody_refused check (holder_name <> 'Nobody') not valid`,
    )
    const [viaMessage, viaCall] = [
      await reserveForOrder(setting, eventId, typeId),
      await reserveForOrder(setting, eventId, typeId),
    ]
    await publish(paymentCompleted, { ...paid(eventId, typeId, viaMessage), holderName: 'Nobody' })
    const { payload } = await setting.probe.waitFor(ticketsRejected, aboutOrder(viaMessage.orderId))
    expect(payload).toMatchObject({
      reason: 'CANNOT_BE_ISSUED',
      detail: expect.stringContaining('nobody_refused'),
    })
    const { orderId, reservationId, userId } = viaCall
    const answer = await setting.internal.confirmPurchase({
      body: { orderId, reservationId, userId, holderName: 'Nobody' },
    })
    expect(answer).toMatchObject({ status: 409, body: { outcome: 'REJECTED', reason: 'CANNOT_BE_ISSUED' } })
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 0 })
    // A later attempt finds the outcome.
    expect(await confirm(viaMessage)).toMatchObject({ status: 409, body: { outcome: 'REJECTED' } })
    expect(setting.probe.received(ticketsRejected).filter(aboutOrder(viaMessage.orderId))).toHaveLength(1)
  })

  test('is rejected although its places cannot be released: it is refunded, the failure logged', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const [viaMessage, undone] = [
      await reserveForOrder(setting, eventId, typeId),
      await reserveForOrder(setting, eventId, typeId),
    ]
    await setting.deps.pool.query('update ticket_type_counters set held = 0 where ticket_type_id = $1', [
      typeId,
    ])
    await publish(paymentCompleted, paid(eventId, typeId, viaMessage))
    const { payload } = await setting.probe.waitFor(ticketsRejected, aboutOrder(viaMessage.orderId))
    expect(payload).toMatchObject({ reason: 'CANNOT_BE_ISSUED', detail: expect.stringContaining('held') })
    const cancelled = await setting.internal.cancelOrderTickets({
      body: { orderId: undone.orderId, reason: 'TICKETS_NOT_ISSUED' },
    })
    expect(cancelled).toMatchObject({ status: 200, body: { cancelled: [] } })
    expect(await confirm(undone)).toMatchObject({ status: 409, body: { outcome: 'CANCELLED' } })
  })

  test('of a cancelled event is rejected, and its claim goes', async () => {
    const { event, eventId, typeId } = await setting.offer(2)
    const order = await reserveForOrder(setting, eventId, typeId)
    await publish(
      eventCancelled,
      { ...event, eventName: event.name, cancellationReason: 'Rain', status: 'CANCELLED' },
      3,
    )
    await until(async () => expect((await setting.deps.findEventReplica(eventId))?.status).toBe('CANCELLED'))
    expect(await confirm(order)).toMatchObject({ status: 409, body: { outcome: 'REJECTED' } })
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 0 })
  })
})

describe('a failed payment', () => {
  test('frees the places of its claim; a later payment is not issued', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    const {
      holderName: _,
      paymentMethod: __,
      items: ___,
      transactionId: ____,
      ...about
    } = paid(eventId, typeId, order, 2)
    await publish(paymentFailed, {
      ...about,
      failureReason: 'CARD_DECLINED',
      errorMessage: 'declined',
      retryable: false,
    })
    await until(async () => expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 0 }))
    expect(await ticketsOf(order.orderId)).toEqual({ outcome: 'CANCELLED', tickets: [] })
    expect(await confirm(order)).toMatchObject({
      status: 409,
      body: { confirmed: false, outcome: 'CANCELLED' },
    })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 0 })
  })
})

describe('cancelling', () => {
  test("cancels an order's tickets, frees their places and publishes each, once", async () => {
    const { eventId, typeId } = await setting.offer(3)
    const order = await reserveForOrder(setting, eventId, typeId, 3)
    await confirm(order)
    const { orderId } = order
    const [first] = (await ticketsOf(orderId)).tickets
    if (!first) throw new Error('no tickets')
    const some = { orderId, ticketIds: [first.ticketId], reason: 'refunded' }
    expect(await setting.internal.cancelOrderTickets({ body: some })).toEqual({
      status: 200,
      body: { orderId, cancelled: [{ ticketId: first.ticketId, ticketTypeId: typeId, unitPrice: 5_000 }] },
    })
    expect((await ticketsOf(orderId)).outcome).toBe('ISSUED')
    for (let times = 0; times < 2; times++) {
      const whole = await setting.internal.cancelOrderTickets({ body: { orderId, reason: 'refunded' } })
      expect(whole.status === 200 && whole.body.cancelled).toHaveLength(3)
    }
    await until(async () =>
      expect(await setting.probe.received(ticketCancelled).filter(aboutOrder(orderId)).length).toBe(3),
    )
    expect(await setting.counters(typeId)).toEqual({ capacity: 3, held: 0, sold: 0 })
    expect((await ticketsOf(orderId)).outcome).toBe('CANCELLED')
    expect(await confirm(order)).toMatchObject({ status: 409, body: { outcome: 'CANCELLED' } })
    await setting.deps.availabilityCache.reconcile()
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
  })

  test('an order that was never issued makes a late PAYMENT_COMPLETED issue nothing', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    const answer = await setting.internal.cancelOrderTickets({
      body: { orderId: order.orderId, reason: 'refunded' },
    })
    expect(answer).toMatchObject({ status: 200, body: { cancelled: [] } })
    expect(await setting.counters(typeId)).toMatchObject({ held: 0 })
    const messageId = await publish(paymentCompleted, paid(eventId, typeId, order, 2))
    await until(async () =>
      expect(
        (await setting.deps.pool.query('select 1 from inbox where message_id = $1', [messageId])).rowCount,
      ).toBe(1),
    )
    expect(await ticketsOf(order.orderId)).toEqual({ outcome: 'CANCELLED', tickets: [] })
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 0 })
  })

  test('is all or nothing when one was used, unless forced', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    await confirm(order)
    const { orderId } = order
    const [used, unused] = (await ticketsOf(orderId)).tickets
    await setting.deps.pool.query(`update tickets set status = 'CHECKED_IN' where ticket_id = $1`, [
      used?.ticketId,
    ])
    const body = { orderId, reason: 'refunded' }
    expect(await setting.internal.cancelOrderTickets({ body })).toMatchObject({
      status: 409,
      body: { error: 'TICKETS_USED', ticketIds: [used?.ticketId] },
    })
    expect(await ticketsOf(orderId)).toMatchObject({ outcome: 'ISSUED', tickets: [{}, { status: 'ACTIVE' }] })
    expect(await setting.internal.cancelOrderTickets({ body: { ...body, force: true } })).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: unused?.ticketId }] },
    })
    expect(await setting.counters(typeId)).toMatchObject({ sold: 1 })
  })
})

describe('messages', () => {
  test('about an event are ignored when older than its replica', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const event: EventInfo = setting.addEvent({ organizerId: organizer.userId, version: 5, name: 'Now' })
    await setting.deps.findEventReplica(event.eventId)
    await publish(eventPublished, { ...event, name: 'Before' }, 4)
    await publish(eventPublished, { ...event, name: 'After' }, 6)
    await until(async () => expect((await setting.deps.findEventReplica(event.eventId))?.name).toBe('After'))
    const { rows } = await setting.deps.pool.query('select version from event_pictures where event_id = $1', [
      event.eventId,
    ])
    expect(rows).toEqual([{ version: 6 }])
  })

  test('about delivery are stored on tickets: the mail and its bounce, in any order', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const order = await reserveForOrder(setting, eventId, typeId)
    await confirm(order)
    const { orderId, userId } = order
    const [first, second] = [newId<NotificationId>(), newId<NotificationId>()]
    const deliveredAt = new Date('2026-11-21T10:00:00Z')
    const about = { orderId, userId, eventId, channel: 'EMAIL' } as const
    const delivered = (notificationId: NotificationId, version: number) =>
      publish(ticketsDelivered, { ...about, notificationId, deliveredAt }, version)
    const cameBack = (notificationId: NotificationId, version: number) =>
      publish(ticketDeliveryFailed, { ...about, notificationId, reason: 'MAILBOX_FULL' }, version)
    const known = async () =>
      (
        await setting.deps.pool.query(
          `select delivered_at as at, delivery_mail as mail, delivery_version as version from tickets
           where order_id = $1`,
          [orderId],
        )
      ).rows
    const becomes = (at: Date | null, mail: NotificationId, version: number) =>
      until(async () => expect(await known()).toEqual([{ at, mail, version }]))

    await delivered(first, 1)
    await becomes(deliveredAt, first, 1)
    await cameBack(first, 2)
    await becomes(null, first, 2)
    // Mailed again; then a delivery of the first mail from before it bounced arrives late.
    await delivered(second, 3)
    await becomes(deliveredAt, second, 3)
    await cameBack(second, 5)
    await becomes(null, second, 5)
    const taken = async () =>
      (await setting.deps.metrics.messagesConsumed.get()).values.find(isDelivered)?.value ?? 0
    const isDelivered = ({ labels }: { labels: object }) =>
      'event_type' in labels &&
      labels.event_type === 'TICKETS_DELIVERED' &&
      'outcome' in labels &&
      labels.outcome === 'done'
    const before = await taken()
    await delivered(second, 4)
    await until(async () => expect(await taken()).toBe(before + 1))
    await becomes(null, second, 5)
  })
})

test('nothing is issued when the transaction that issues rolls back', async () => {
  const { eventId, typeId } = await setting.offer(1)
  const order = await reserveForOrder(setting, eventId, typeId)
  const broken = setting.deps.db.transact(async (tx) => {
    await setting.deps.issuing.issue(tx, { ...order, eventId, holderName: 'Ada' })
    throw new Error('killed before its commit')
  })
  await expect(broken).rejects.toThrow('killed')
  expect(await ticketsOf(order.orderId)).toEqual({ outcome: null, tickets: [] })
  expect(await setting.statusOf(order.reservationId)).toBe('PAYING')
  expect(await confirm(order)).toMatchObject({ status: 200 })
})
