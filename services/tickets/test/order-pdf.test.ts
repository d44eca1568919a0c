import { randomUUID } from 'node:crypto'
import {
  type OrderId,
  type TicketId,
  type TransferId,
  ticketsMailingRoutes,
  type UserId,
} from '@boxoffice/contracts'
import { createTestAuthority, injectClient } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeOldPrints } from '../src/tickets/print-repository.ts'
import { type Account, account, buyer, passOn, ticketsOf, transferIdOf } from './people.ts'
import { some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService({ ORDER_PDF_PAGES_MAX: '25' })
})
afterAll(() => setting.close())

const printOf = async (orderId: OrderId) =>
  (await setting.mailing.getOrderPrint({ params: { orderId }, query: {} })).body
async function pdfOf(orderId: OrderId, version?: string): Promise<Buffer> {
  const answer = await setting.mailing.getOrderPdf({ params: { orderId }, query: { version } })
  if (answer.status !== 200) throw new Error(`no PDF: ${answer.status}`)
  return Buffer.from(answer.body)
}
const pagesOf = (pdf: Buffer) => pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length
const orderOf = async (count: number) => {
  const { eventId, typeId, event } = await setting.offer(count, { maxPerOrder: 100 })
  return { ...(await buyer(setting, eventId, some(typeId, count))), event, eventId }
}
/** The replacement ticket after one was transferred to another user. */
async function ticketPassed(from: Account, ticketId: TicketId, to: Account): Promise<TicketId> {
  const before = (await ticketsOf(to)).map((ticket) => ticket.ticketId)
  transferIdOf(await passOn(from, ticketId, to.email))
  const [received] = (await ticketsOf(to)).filter(
    (ticket) => ticket.status === 'ACTIVE' && !before.includes(ticket.ticketId),
  )
  if (!received) throw new Error('no ticket was received')
  return received.ticketId
}
const cancel = (orderId: OrderId, ticketIds?: never[]) =>
  setting.internal.cancelOrderTickets({
    body: { orderId, reason: 'refunded', ...(ticketIds && { ticketIds }) },
  })

test('the answer about an order of few tickets includes its PDF and codes if requested', async () => {
  const { orderId, tickets } = await orderOf(2)
  const printWith = async (filesUpTo: number) =>
    (await setting.mailing.getOrderPrint({ params: { orderId }, query: { filesUpTo } })).body
  const { files, ...print } = await printWith(2)
  expect(print).toEqual(await printOf(orderId))
  expect(Buffer.from(files?.pdf ?? '', 'base64').equals(await pdfOf(orderId))).toBe(true)
  const codes = await Promise.all(
    tickets.map(
      async ({ ticketId }) =>
        (await setting.internal.getTicketQrInfo({ params: { ticketId } })).body as Uint8Array,
    ),
  )
  expect(files?.codes).toEqual(codes.map((code) => Buffer.from(code).toString('base64')))
  expect(await printWith(1)).toEqual(print)
})

test('the answer about several orders has each at its place', async () => {
  const [one, two] = [await orderOf(1), await orderOf(2)]
  const orders = [
    { orderId: two.orderId },
    { orderId: randomUUID() as OrderId },
    { orderId: one.orderId, filesUpTo: 1 },
  ]
  const { prints } = (await setting.mailing.getOrderPrints({ body: { orders } })).body
  expect(prints.slice(0, 2)).toEqual([
    await printOf(two.orderId),
    { version: 'none', printable: false, tickets: [] },
  ])
  const { files, ...print } = prints[2] ?? {}
  expect(print).toEqual(await printOf(one.orderId))
  expect(Buffer.from(files?.pdf ?? '', 'base64').equals(await pdfOf(one.orderId))).toBe(true)
})

describe("an order's PDF", () => {
  test('has a page for each valid ticket, and says which by its version', async () => {
    const { orderId, tickets, eventId } = await orderOf(3)
    const print = await printOf(orderId)
    expect(print).toMatchObject({ printable: true })
    expect(print.tickets).toEqual(
      tickets.map(({ ticketId, ticketNumber, holderName }) => {
        return {
          ticketId,
          ticketNumber,
          holderName,
          ticketTypeName: 'Standing',
          unitPrice: 5_000,
          currency: 'EUR',
        }
      }),
    )
    const pdf = await pdfOf(orderId, print.version)
    expect(pagesOf(pdf)).toBe(3)
    expect((await pdfOf(orderId)).equals(pdf)).toBe(true)
    const url = `/api/tickets/internal/orders/${orderId}/tickets.pdf`
    const { headers } = await setting.app.inject({ url, headers: await setting.callerHeaders() })
    expect(headers).toMatchObject({ etag: `"${print.version}"`, 'cache-control': 'private, no-store' })

    // The event has moved to another venue.
    await setting.deps.pool.query(`update event_pictures set venue_name = 'Elsewhere' where event_id = $1`, [
      eventId,
    ])
    const moved = await printOf(orderId)
    expect(moved.version).not.toBe(print.version)
    const stale = await setting.mailing.getOrderPdf({
      params: { orderId },
      query: { version: print.version },
    })
    expect(stale).toMatchObject({ status: 409, body: { error: 'TICKETS_CHANGED' } })

    await cancel(orderId, [tickets[0]?.ticketId] as never[])
    const fewer = await printOf(orderId)
    expect(fewer.tickets.map(({ ticketId }) => ticketId)).toEqual(
      tickets.slice(1).map(({ ticketId }) => ticketId),
    )
    expect(pagesOf(await pdfOf(orderId, fewer.version))).toBe(2)
    await cancel(orderId)
    expect(await printOf(orderId)).toEqual({ version: 'none', printable: false, tickets: [] })
    expect(await setting.mailing.getOrderPdf({ params: { orderId }, query: {} })).toMatchObject({
      status: 404,
    })
  })

  test('of many tickets is made once and kept until they change or it is old', async () => {
    const { orderId, tickets } = await orderOf(20)
    const kept = async () =>
      (await setting.deps.pool.query('select pdf from order_prints where order_id = $1', [orderId])).rows
    const [first, second] = await Promise.all([pdfOf(orderId), pdfOf(orderId)])
    expect(second.equals(first)).toBe(true)
    expect(await kept()).toHaveLength(1)
    // Any process returns the stored PDF.
    await setting.deps.pool.query('update order_prints set pdf = $2 where order_id = $1', [
      orderId,
      Buffer.from('%PDF-kept'),
    ])
    const other = setting.instance()
    const again = await injectClient(other.app, ticketsMailingRoutes, setting.callerHeaders).getOrderPdf({
      params: { orderId },
      query: {},
    })
    await other.close()
    expect(Buffer.from(again.body as Uint8Array).toString()).toBe('%PDF-kept')

    await cancel(orderId, [tickets[0]?.ticketId] as never[])
    expect(pagesOf(await pdfOf(orderId))).toBe(19)
    expect(await kept()).toHaveLength(1)
    const sql = setting.deps.db
    await setting.deps.pool.query(
      `update order_prints set printed_at = now() - interval '49 hours' where order_id = $1`,
      [orderId],
    )
    expect(await removeOldPrints(sql, setting.config.orderPdfKeepMs, 100)).toEqual({ more: false })
    expect(await kept()).toEqual([])
  })

  test('of few tickets is not stored: it costs no more to make than to store', async () => {
    const { orderId } = await orderOf(2)
    await pdfOf(orderId)
    expect(
      (await setting.deps.pool.query('select from order_prints where order_id = $1', [orderId])).rowCount,
    ).toBe(0)
  })

  test('is not made for more than the most tickets of a PDF, nor for a stranger', async () => {
    const { orderId, client } = await orderOf(26)
    expect(await printOf(orderId)).toMatchObject({ printable: false })
    expect((await printOf(orderId)).tickets).toHaveLength(26)
    expect(await setting.mailing.getOrderPdf({ params: { orderId }, query: {} })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_NOT_PRINTABLE' },
    })
    expect(client).toBeDefined()
    const stranger = await createTestAuthority()
    const headers = await stranger.service('notification-service', 'ticket-service')
    for (const path of ['print', 'tickets.pdf']) {
      const url = `/api/tickets/internal/orders/${orderId}/${path}`
      expect((await setting.app.inject({ url, headers })).statusCode).toBe(401)
      expect((await setting.app.inject(url)).statusCode).toBe(401)
    }
  })

  test('leaves out a ticket that was transferred: it is another user’s', async () => {
    const sender = await orderOf(2)
    const recipient = await account(setting)
    await passOn(sender, sender.ticketId, recipient.email)
    expect((await printOf(sender.orderId)).tickets.map(({ ticketId }) => ticketId)).not.toContain(
      sender.ticketId,
    )
    expect(pagesOf(await pdfOf(sender.orderId))).toBe(1)
  })

  test('has a ticket that was passed on and came back, as the one it is now', async () => {
    const sender = await orderOf(2)
    const [friend, other] = [await account(setting), await account(setting)]
    const ofFriend = await ticketPassed(sender, sender.ticketId, friend)
    expect((await printOf(sender.orderId)).tickets).toHaveLength(1)
    const ofOther = await ticketPassed(friend, ofFriend, other)
    expect((await printOf(sender.orderId)).tickets).toHaveLength(1)
    const back = await ticketPassed(other, ofOther, sender)
    const { tickets } = await printOf(sender.orderId)
    expect(tickets.map(({ ticketId }) => ticketId)).toEqual([back, sender.tickets[1]?.ticketId])
    expect(pagesOf(await pdfOf(sender.orderId))).toBe(2)
    await setting.internal.cancelOrderTickets({
      body: { orderId: sender.orderId, reason: 'refunded', force: true },
    })
    expect((await printOf(sender.orderId)).tickets).toEqual([])
  })
})

test('the holders of an event, their valid tickets, and the state of a transfer are current', async () => {
  const holder = await orderOf(2)
  const { eventId } = holder
  const held = async (userId: UserId) =>
    Object.values((await setting.mailing.countHeldTickets({ params: { eventId, userId } })).body)
  expect([await held(holder.userId), await held(randomUUID() as UserId)]).toEqual([
    [2, 0],
    [0, 0],
  ])
  const stop = { stopped_at: new Date(), stop_reason: 'ORGANIZER' }
  await setting.deps.pool.query('update tickets set stopped_at = $2, stop_reason = $3 where ticket_id = $1', [
    holder.ticketId,
    ...Object.values(stop),
  ])
  expect(await held(holder.userId)).toEqual([2, 1])
  await setting.deps.pool.query(
    'update tickets set stopped_at = null, stop_reason = null where ticket_id = $1',
    [holder.ticketId],
  )
  const waiting = await account(setting, false)
  const transferId = transferIdOf(await passOn(holder, holder.ticketId, waiting.email))
  const statusOf = async (id: TransferId) => setting.mailing.getTransferInfo({ params: { transferId: id } })
  expect(await statusOf(transferId)).toMatchObject({ status: 200, body: { transferId, status: 'PENDING' } })
  await cancel(holder.orderId)
  expect(await statusOf(transferId)).toMatchObject({ status: 200, body: { status: 'CANCELLED' } })
  expect(await held(holder.userId)).toEqual([0, 0])
  expect(await statusOf(randomUUID() as TransferId)).toMatchObject({ status: 404 })
})
