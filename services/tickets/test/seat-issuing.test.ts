import {
  type EventId,
  type RefundId,
  type TicketId,
  type TicketTypeId,
  ticketCancelled,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyCode } from '../src/tickets/codes.ts'
import { readQr } from './read-qr.ts'
import { newId, reserveFor, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({}, { workers: 'relay' })
})
afterAll(() => setting.close())

type Order = Awaited<ReturnType<typeof reserveFor>>
const confirm = ({ orderId, reservationId, userId }: Omit<Order, 'answer'>) =>
  setting.internal.confirmPurchase({ body: { orderId, reservationId, userId, holderName: 'Łucja Ćwik' } })
const ticketsOf = async ({ orderId }: Order) =>
  (await setting.internal.getOrderTickets({ params: { orderId } })).body
const aboutOrder = (order: Order) => (message: { payload: unknown }) =>
  (message.payload as { orderId: string }).orderId === order.orderId
const query = (sql: string, values: unknown[]) => setting.deps.pool.query(sql, values)

/** An issued order of these seats. */
async function sold(eventId: EventId, typeId: TicketTypeId, ...seatIds: string[]) {
  const order = await reserveFor(setting, eventId, seats(typeId, ...seatIds))
  if ((await confirm(order)).status !== 200) throw new Error('not issued')
  const { tickets } = await ticketsOf(order)
  return { ...order, tickets, ids: tickets.map(({ ticketId }) => ticketId) }
}

let passedOn = 0
/** Transfers a ticket; returns the replacement. */
async function passOn(ticketId: TicketId | undefined, userId: string): Promise<TicketId> {
  const successor = newId<TicketId>()
  await query(`update tickets set status = 'TRANSFERRED' where ticket_id = $1`, [ticketId])
  await query(
    `insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id,
       event_id, ordinal, user_id, holder_name, unit_price_minor, currency, zone_id, row_label,
       col_label)
     select $2, root_ticket_id, $4, order_id, ticket_type_id, event_id, ordinal, $3, 'Bob', unit_price_minor,
       currency, zone_id, row_label, col_label from tickets where ticket_id = $1`,
    [ticketId, successor, userId, `TKT-2026-90000${++passedOn}`],
  )
  return successor
}

describe('tickets of seats', () => {
  test('carry their seats in order, in the message, in their codes and on paper', async () => {
    const { eventId, typeId } = await setting.offerSeats([[12]])
    const order = await sold(eventId, typeId, '1-A-10', '1-A-2', '1-A-11')
    expect(order.tickets.map(({ seat }) => seat)).toEqual(
      ['2', '10', '11'].map((colLabel) => ({ zoneId: 1, rowLabel: 'A', colLabel })),
    )
    const { payload } = await setting.probe.waitFor(ticketsGenerated, aboutOrder(order))
    expect(payload.tickets.map(({ ticketId, seat }) => [ticketId, seat])).toEqual(
      order.tickets.map(({ ticketId, seat }) => [ticketId, seat]),
    )
    const params = { ticketId: order.ids[0] as TicketId }
    const image = await setting.internal.getTicketQrInfo({ params })
    if (image.status !== 200) throw new Error('no image')
    const png = PNG.sync.read(Buffer.from(image.body))
    expect(verifyCode(readQr(png.data, png.width) ?? '', [setting.deps.codeKey])).toMatchObject({
      seat: { zoneId: 1, rowLabel: 'A', colLabel: '2' },
    })
    expect((await setting.internal.getTicketPdfInfo({ params })).status).toBe(200)
    const { rows } = await query(
      'select seat_id, ticket_id from seat_claims where reservation_id = $1 order by seat_id',
      [order.reservationId],
    )
    expect(new Set(rows.map(({ ticket_id }) => ticket_id))).toEqual(new Set(order.ids))
    expect(await confirm(order)).toMatchObject({ status: 200 })
    expect(await setting.counters(typeId)).toEqual({ capacity: 12, held: 0, sold: 3 })
  })

  test('are issued after the claim was lost, while their seats are free', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const order = await reserveFor(setting, eventId, seats(typeId, '1-A-1', '1-A-2'))
    await setting.loseClaim(order)
    expect(await confirm(order)).toMatchObject({ status: 200, body: { confirmed: true } })
    expect((await setting.maps(eventId)).postgres).toBe('ss.')
  })

  test('are refused when one of the seats was taken meanwhile, and the others stay free', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const order = await reserveFor(setting, eventId, seats(typeId, '1-A-1', '1-A-2'))
    await setting.loseClaim(order)
    await reserveFor(setting, eventId, seats(typeId, '1-A-2'))
    expect(await confirm(order)).toMatchObject({
      status: 409,
      body: { outcome: 'REJECTED', reason: 'INSUFFICIENT_INVENTORY' },
    })
    expect((await setting.maps(eventId)).postgres).toBe('.h.')
    expect(await setting.counters(typeId)).toEqual({ capacity: 3, held: 1, sold: 0 })
  })
})

describe('cancelling tickets of seats', () => {
  test('frees their seats on the map at once', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1', '1-A-2', '1-A-3')
    const some = { orderId: order.orderId, reason: 'refunded', ticketIds: [order.ids[1] as TicketId] }
    expect(await setting.internal.cancelOrderTickets({ body: some })).toEqual({
      status: 200,
      body: {
        orderId: order.orderId,
        cancelled: [{ ticketId: order.ids[1], ticketTypeId: typeId, unitPrice: 7_000 }],
      },
    })
    expect(await setting.maps(eventId)).toEqual({ redis: 's.s.', postgres: 's.s.' })
    await setting.internal.cancelOrderTickets({ body: { orderId: order.orderId, reason: 'refunded' } })
    expect(await setting.maps(eventId)).toEqual({ redis: '....', postgres: '....' })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 4 })
    expect((await reserveFor(setting, eventId, seats(typeId, '1-A-2'))).answer.status).toBe(200)
  })

  test('frees general places at once, too', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const order = await reserveFor(setting, eventId, some(typeId, 3))
    await confirm(order)
    await setting.internal.cancelOrderTickets({ body: { orderId: order.orderId, reason: 'refunded' } })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
  })

  test('under a refund gives the same answer again and does nothing more', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1', '1-A-2')
    const refundId = newId<RefundId>()
    const body = {
      orderId: order.orderId,
      refundId,
      reason: 'refunded',
      ticketIds: [order.ids[0] as TicketId],
    }
    const first = await setting.internal.cancelOrderTickets({ body })
    expect(first).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: order.ids[0], unitPrice: 7_000 }] },
    })
    expect(await setting.internal.cancelOrderTickets({ body })).toEqual(first)
    await setting.probe.waitFor(ticketCancelled, aboutOrder(order))
    expect(setting.probe.received(ticketCancelled).filter(aboutOrder(order))).toHaveLength(1)
    expect(await setting.counters(typeId)).toMatchObject({ sold: 1 })
  })

  test('leaves out what another refund gave back, and refuses it when it is named', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1', '1-A-2', '1-A-3')
    const { orderId } = order
    const ids = order.ids as [TicketId, TicketId, TicketId]
    const cancel = (refundId: RefundId, ticketIds?: TicketId[], force = false) =>
      setting.internal.cancelOrderTickets({
        body: { orderId, refundId, reason: 'refunded', force, ...(ticketIds && { ticketIds }) },
      })
    await cancel(newId(), [ids[0]])
    expect(await cancel(newId(), [ids[0], ids[1]], true)).toMatchObject({
      status: 409,
      body: { error: 'TICKETS_USED', ticketIds: [ids[0]] },
    })
    expect((await setting.maps(eventId)).postgres).toBe('.ss.')
    const rest = newId<RefundId>()
    const expected = { status: 200, body: { cancelled: [{ ticketId: ids[1] }, { ticketId: ids[2] }] } }
    expect(await cancel(rest)).toMatchObject(expected)
    expect(await cancel(rest)).toMatchObject(expected)
    expect(await cancel(newId(), undefined, true)).toMatchObject({ status: 200, body: { cancelled: [] } })
    expect(await cancel(newId(), [newId<TicketId>()])).toMatchObject({
      status: 404,
      body: { error: 'TICKET_NOT_FOUND' },
    })
    const { rows } = await query('select distinct refund_id from tickets where order_id = $1', [orderId])
    expect(rows).toHaveLength(2)
  })

  test('keeps an admission: the ticket stays used, the seat sold, the refund recorded', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1', '1-A-2')
    const { orderId } = order
    await query(`update tickets set status = 'CHECKED_IN' where ticket_id = $1`, [order.ids[0]])
    const body = { orderId, refundId: newId<RefundId>(), reason: 'cancelled event' }
    expect(await setting.internal.cancelOrderTickets({ body })).toMatchObject({
      status: 409,
      body: { error: 'TICKETS_USED', ticketIds: [order.ids[0]] },
    })
    expect(await setting.internal.cancelOrderTickets({ body: { ...body, force: true } })).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: order.ids[0] }, { ticketId: order.ids[1] }] },
    })
    const { tickets, outcome } = await ticketsOf(order)
    expect([outcome, ...tickets.map(({ status }) => status)]).toEqual([
      'CANCELLED',
      'CHECKED_IN',
      'CANCELLED',
    ])
    expect((await setting.maps(eventId)).postgres).toBe('s...')
    expect(await setting.counters(typeId)).toMatchObject({ sold: 1 })
  })

  test('that were transferred cancels the replacement, under the id of the issued ticket', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1')
    const { orderId, ids } = order
    const successor = await passOn(ids[0], newId())
    const body = { orderId, refundId: newId<RefundId>(), reason: 'refunded' }
    expect(await setting.internal.cancelOrderTickets({ body })).toMatchObject({
      status: 409,
      body: { ticketIds: [ids[0]] },
    })
    expect(await setting.internal.cancelOrderTickets({ body: { ...body, force: true } })).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: ids[0] }] },
    })
    const published = await setting.probe.waitFor(ticketCancelled, aboutOrder(order))
    expect(published.payload.ticketId).toBe(successor)
    expect((await setting.maps(eventId)).postgres).toBe('....')
    expect(await setting.counters(typeId)).toMatchObject({ sold: 0 })
  })

  test('that were transferred back to their buyer cancels them as if untransferred, unforced', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const order = await sold(eventId, typeId, '1-A-1')
    const { orderId, ids } = order
    const bobs = await passOn(ids[0], newId())
    const again = await passOn(bobs, order.userId)
    const body = { orderId, refundId: newId<RefundId>(), reason: 'refunded' }
    expect(await setting.internal.cancelOrderTickets({ body })).toMatchObject({
      status: 200,
      body: { cancelled: [{ ticketId: ids[0] }] },
    })
    expect((await setting.probe.waitFor(ticketCancelled, aboutOrder(order))).payload.ticketId).toBe(again)
    expect((await setting.maps(eventId)).postgres).toBe('....')
  })
})
