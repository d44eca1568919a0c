import type { TicketId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPdfRenderer } from '../src/tickets/pdf-renderer.ts'
import { buyer } from './people.ts'
import { some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

const PER_USER = 40
let setting: TestService
beforeAll(async () => {
  setting = await startService({
    PRINTS_PER_USER_MAX: String(PER_USER),
    PRINTS_PER_ADDRESS_MAX: String(PER_USER + 10),
  })
})
afterAll(() => setting.close())
afterEach(() => void vi.restoreAllMocks())

const buyerOf = async (count: number) => {
  const { eventId, typeId } = await setting.offer(count, { maxPerOrder: 100 })
  return buyer(setting, eventId, some(typeId, count))
}
type Buyer = Awaited<ReturnType<typeof buyerOf>>

let addresses = 0
/** A new address, with no downloads counted yet. */
const newAddress = () => `192.0.2.${++addresses}`
async function download(
  { headers }: Pick<Buyer, 'headers'>,
  ticketId: TicketId,
  more: Record<string, string> = {},
) {
  const url = `/api/tickets/${ticketId}/ticket.pdf`
  const from = { 'x-forwarded-for': more['x-forwarded-for'] ?? newAddress() }
  const {
    statusCode,
    headers: answered,
    rawPayload,
  } = await setting.app.inject({ url, headers: { ...headers, ...more, ...from } })
  return { status: statusCode, headers: answered, body: rawPayload }
}

describe("downloads of a ticket's PDF", () => {
  test('are rendered once for concurrent requests, and equal what is mailed', async () => {
    const reader = await buyerOf(1)
    const printed = vi.spyOn(setting.deps.pdfs, 'renderDownload')
    const answers = await Promise.all(Array.from({ length: 150 }, () => download(reader, reader.ticketId)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const mailed = await setting.internal.getTicketPdfInfo({ params: { ticketId: reader.ticketId } })
    for (const { body } of answers) expect(body.equals(Buffer.from(mailed.body as Uint8Array))).toBe(true)
    expect(printed).toHaveBeenCalledTimes(1)
    await download(reader, reader.ticketId)
    expect(printed).toHaveBeenCalledTimes(1)
  })

  test('are 304 for who has the same already, and 200 when it shows something else', async () => {
    const reader = await buyerOf(1)
    const first = await download(reader, reader.ticketId)
    const etag = String(first.headers.etag)
    expect(first.headers).toMatchObject({
      'cache-control': 'private, no-store',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    })
    const again = await download(reader, reader.ticketId, { 'if-none-match': `"other", ${etag}` })
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag])
    const { pool } = setting.deps
    await pool.query(`update event_pictures set venue_name = 'Elsewhere' where event_id = $1`, [
      reader.ticket.eventId,
    ])
    const moved = await download(reader, reader.ticketId, { 'if-none-match': etag })
    expect(moved.status).toBe(200)
    expect(moved.headers.etag).not.toBe(etag)
    await setting.internal.cancelOrderTickets({ body: { orderId: reader.orderId, reason: 'refunded' } })
    expect((await download(reader, reader.ticketId, { 'if-none-match': etag })).status).toBe(409)
  })

  test('of one user are rendered one after another: no other user and no mail waits for them', async () => {
    const [greedy, other, mailed] = [await buyerOf(20), await buyerOf(1), await buyerOf(2)]
    const { pdfs } = setting.deps
    const render = pdfs.renderDownload
    const gate = Promise.withResolvers<void>()
    const begun: string[] = []
    const ofGreedy = new Set(greedy.tickets.map(({ ticketNumber }) => ticketNumber))
    vi.spyOn(pdfs, 'renderDownload').mockImplementation(async (pages) => {
      const number = pages[0]?.ticket.ticketNumber ?? ''
      begun.push(number)
      if (ofGreedy.has(number)) await gate.promise
      return render(pages)
    })
    const many = Promise.all(
      greedy.tickets.flatMap(({ ticketId }) => Array.from({ length: 8 }, () => download(greedy, ticketId))),
    )
    await until(() => expect(begun).toHaveLength(1))
    expect((await download(other, other.ticketId)).status).toBe(200)
    const { prints } = (
      await setting.mailing.getOrderPrints({ body: { orders: [{ orderId: mailed.orderId, filesUpTo: 2 }] } })
    ).body
    expect(prints[0]?.files?.codes).toHaveLength(2)
    expect(begun).toEqual([
      expect.toSatisfy((number: string) => ofGreedy.has(number)),
      other.ticket.ticketNumber,
    ])
    gate.resolve()
    expect(new Set((await many).map(({ status }) => status))).toEqual(new Set([200]))
    expect(begun).toHaveLength(21)
  })

  test('are rate-limited by user and by address, except for cached PDFs', async () => {
    const [greedy, other] = [await buyerOf(PER_USER + 1), await buyerOf(20)]
    const office = { 'x-forwarded-for': newAddress() }
    const all = (reader: Buyer) =>
      Promise.all(reader.tickets.map(({ ticketId }) => download(reader, ticketId, office)))
    const own = await all(greedy)
    const refused = own.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(1)
    expect(JSON.parse(String(refused[0]?.body))).toMatchObject({
      error: 'RATE_LIMITED',
      requestId: expect.any(String),
    })
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused[0]?.headers['retry-after'])).toBeLessThanOrEqual(60)
    // Ten are left for the address.
    expect((await all(other)).filter(({ status }) => status === 200)).toHaveLength(10)
    expect((await all(greedy)).filter(({ status }) => status === 200)).toHaveLength(PER_USER)
    const elsewhere = await Promise.all(other.tickets.map(({ ticketId }) => download(other, ticketId)))
    expect(new Set(elsewhere.map(({ status }) => status))).toEqual(new Set([200]))
  })
})

test('mails are rendered while the thread for downloads is busy', async () => {
  const { deps } = setting
  const reader = await buyerOf(1)
  const render = vi.spyOn(deps.pdfs, 'renderDownload')
  await download(reader, reader.ticketId)
  const [page] = render.mock.calls[0]?.[0] ?? []
  if (!page) throw new Error('nothing was printed')
  const pdfs = createPdfRenderer()
  const done: string[] = []
  await Promise.all([pdfs.renderDownload([page]), pdfs.renderFiles([page])])
  const long = pdfs.renderDownload(Array.from({ length: 400 }, () => page)).then(() => done.push('download'))
  await pdfs.renderFiles([page]).then(() => done.push('mail'))
  await long
  await pdfs.close()
  expect(done).toEqual(['mail', 'download'])
})
