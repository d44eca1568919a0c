import { createPublicKey, randomUUID, verify } from 'node:crypto'
import type { OrderId, TicketId } from '@boxoffice/contracts'
import { parse as parseCsv } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { tokenOf } from '../src/mails.ts'
import { addressOf, expectStatus, type Person } from '../src/person.ts'
import { readQrOfPdf, readQrOfPng } from '../src/qr.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let rival: Person
let buyer: Person
let friend: Person

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  rival = await running.person({ firstName: 'Robert', lastName: 'Rywal' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  friend = await running.person({ firstName: 'Filip', lastName: 'Φίλος' }, { proven: true })
})
afterAll(() => running?.expectDocumented())

/** Publishes an event and buys tickets of it in one order; returns them with the content of their codes. */
async function withTickets(
  name: string,
  quantity: number,
  over: { person?: Person; by?: Person; holderName?: string } = {},
) {
  const person = over.person ?? buyer
  const sale = await publishEvent(over.by ?? organizer, {
    name,
    quantity: 50,
    unitPrice: 4_000,
    refundableUntil: new Date(Date.now() + 20 * 86_400_000),
  })
  const bought = await person.buy(
    { ...sale, quantity },
    over.holderName === undefined ? {} : { holderName: over.holderName },
  )
  const { orderId } = expectStatus(bought, 201)
  const order = await person.waitForOrder(orderId, ({ status }) => status === 'CONFIRMED')
  const tickets = await Promise.all(
    (order.tickets ?? []).map(async ({ ticketId }) => ({ ticketId, code: await codeOf(person, ticketId) })),
  )
  return { sale, eventId: sale.eventId, orderId, tickets: tickets as [Shown, ...Shown[]] }
}
interface Shown {
  ticketId: TicketId
  code: string
}
const codeOf = async (person: Person, ticketId: TicketId) =>
  readQrOfPng(expectStatus(await person.tickets.getTicketQr({ params: { ticketId } }), 200)) ?? ''

type EventOf = Awaited<ReturnType<typeof withTickets>>['eventId']
const show = (eventId: EventOf, code: string, over: { by?: Person; key?: string; gate?: string } = {}) =>
  (over.by ?? organizer).tickets.checkIn({
    headers: { 'idempotency-key': over.key ?? randomUUID() },
    body: { eventId, code, gate: over.gate ?? 'North' },
  })

describe('at the door', () => {
  test('a ticket admits once, however often it is scanned; later scans report when and where', async () => {
    const { eventId, tickets } = await withTickets('One admission', 1)
    const [{ ticketId, code }] = tickets
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => show(eventId, code, { gate: `Gate ${index}` })),
    )
    const admitted = answers.filter(({ status }) => status === 200)
    expect(admitted).toHaveLength(1)
    const { ticket, gate, checkedInAt } = expectStatus(admitted[0] as (typeof answers)[0], 200)
    expect(ticket).toMatchObject({ ticketId, status: 'CHECKED_IN' })
    for (const { status, body } of answers) {
      if (status === 200) continue
      expect(body).toMatchObject({ error: 'ALREADY_CHECKED_IN', gate, checkedInAt })
    }
    expect(expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status).toBe(
      'CHECKED_IN',
    )
  })

  test('a repeated scan request with the same key admits again, and another request does not', async () => {
    const { eventId, tickets } = await withTickets('Scanned twice', 1)
    const [{ code }] = tickets
    const key = randomUUID()
    const first = expectStatus(await show(eventId, code, { key }), 200)
    expect(expectStatus(await show(eventId, code, { key }), 200)).toEqual(first)
    expect(await show(eventId, code)).toMatchObject({ status: 409, body: { error: 'ALREADY_CHECKED_IN' } })
  })

  test('a ticket that is refunded, unknown or of another event or organizer is refused', async () => {
    const { eventId, orderId, tickets } = await withTickets('Refused', 2)
    const [refunded, other] = tickets as [Shown, Shown]
    expectStatus(
      await buyer.payments.refundOrder({
        params: { orderId },
        body: { reason: 'Ill.', ticketIds: [refunded.ticketId] },
      }),
      202,
    )
    await buyer.waitForOrder(orderId as OrderId, ({ refundedAmount }) => refundedAmount > 0)
    expect(await show(eventId, refunded.code)).toMatchObject({
      status: 409,
      body: { error: 'TICKET_CANCELLED' },
    })

    const elsewhere = await withTickets('Elsewhere', 1)
    expect(await show(elsewhere.eventId, other.code)).toMatchObject({
      status: 409,
      body: { error: 'WRONG_EVENT' },
    })
    const foreign = await withTickets('Of a rival', 1, { by: rival })
    expect(await show(eventId, foreign.tickets[0].code)).toMatchObject({
      status: 404,
      body: { error: 'TICKET_NOT_FOUND' },
    })

    const forged = Buffer.from(other.code, 'base64url')
    forged[10] = (forged[10] ?? 0) ^ 1
    for (const code of [forged.toString('base64url'), 'nonsense', '=1+1', `${other.code}x`, '\u{1F3AB}']) {
      expect(await show(eventId, code), code).toMatchObject({
        status: 404,
        body: { error: 'TICKET_NOT_FOUND' },
      })
    }
    expect(await show(eventId, other.code, { by: rival })).toMatchObject({ status: 403 })
    expectStatus(await show(eventId, other.code), 200)
  })

  test('codes can be verified offline with the key that the organizer gets', async () => {
    const { eventId, tickets } = await withTickets('In the cellar', 1)
    const { keys, format } = expectStatus(await organizer.tickets.getCheckInKey({ query: { eventId } }), 200)
    expect(format.length).toBeGreaterThan(20)
    const bytes = Buffer.from(tickets[0].code, 'base64url')
    const [payload, signature] = [bytes.subarray(0, -64), bytes.subarray(-64)]
    const verifies = (signed: Buffer) =>
      keys.some((key) => verify(null, signed, createPublicKey({ key: { ...key }, format: 'jwk' }), signature))
    expect(verifies(payload)).toBe(true)
    payload[7] = (payload[7] ?? 0) ^ 1
    expect(verifies(payload)).toBe(false)
  })

  test('the organizer gets an attendee list that no spreadsheet interprets as formulas', async () => {
    const holderName = '=HYPERLINK("evil","Ćma")'
    const { eventId, tickets } = await withTickets('On the list', 2, { holderName })
    expectStatus(await show(eventId, tickets[0].code, { gate: '@West' }), 200)
    const { attendees } = expectStatus(
      await organizer.tickets.listAttendees({ query: { eventId } }),
      200,
    ) as {
      attendees: { status: string; holderName: string; gate?: string }[]
    }
    expect(attendees.map(({ status }) => status).toSorted()).toEqual(['ACTIVE', 'CHECKED_IN'])
    expect(attendees.every((attendee) => attendee.holderName === holderName)).toBe(true)

    const csv = await fetch(`${running.edge}/api/tickets/attendees?eventId=${eventId}&format=csv`, {
      headers: organizer.headers(),
    })
    expect(csv.headers.get('content-type')).toContain('text/csv')
    expect(csv.headers.get('content-disposition')).toContain('attachment')
    const rows = parseCsv(await csv.text(), { bom: true }) as string[][]
    expect(rows).toHaveLength(3)
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
    expect(rows.flat().some((cell) => cell.includes('HYPERLINK'))).toBe(true)
    expect(await rival.tickets.listAttendees({ query: { eventId } })).toMatchObject({ status: 403 })
  })
})

describe('a transferred ticket', () => {
  test('goes to a friend at once: the old code fails, and the sender never sees the new one', async () => {
    const { eventId, orderId, tickets } = await withTickets('Passed on', 2)
    const [{ ticketId, code }] = tickets
    const transfer = expectStatus(
      await buyer.tickets.transferTicket({
        params: { ticketId },
        body: { email: friend.email, holderName: 'Filip Φίλος' },
      }),
      200,
    )
    expect(transfer).toMatchObject({ status: 'COMPLETED', ticketId })
    expect(await show(eventId, code)).toMatchObject({ status: 409, body: { error: 'TICKET_TRANSFERRED' } })

    const { tickets: ofFriend } = expectStatus(await friend.tickets.listMyTickets({ query: {} }), 200)
    const [received] = ofFriend.filter((ticket) => ticket.eventId === eventId)
    expect(received).toMatchObject({ status: 'ACTIVE', holderName: 'Filip Φίλος' })
    const newId = received?.ticketId as TicketId
    expect(newId).not.toBe(ticketId)
    for (const see of [buyer.tickets.getTicket, buyer.tickets.getTicketQr, buyer.tickets.getTicketPdf]) {
      expect(await see({ params: { ticketId: newId } })).toMatchObject({ status: 404 })
    }
    const everything = JSON.stringify([
      expectStatus(await buyer.tickets.listMyTickets({ query: {} }), 200),
      expectStatus(await buyer.payments.getOrder({ params: { orderId } }), 200),
      expectStatus(await buyer.tickets.listTransfers({ query: {} }), 200),
      (await running.mails.list(buyer.email)).map(({ body, attachments }) => [
        body,
        attachments.map(({ filename }) => filename),
      ]),
    ])
    expect(everything).not.toContain(newId)
    expect(everything).not.toContain(received?.ticketNumber)
    expect(expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status).toBe(
      'TRANSFERRED',
    )
    expect(await buyer.tickets.getTicketPdf({ params: { ticketId } })).toMatchObject({ status: 409 })

    const mail = await running.mails.waitFor(friend.email, /Passed on/)
    const pdf = mail.attachments.find(({ contentType }) => contentType === 'application/pdf')
    const mailed = await readQrOfPdf(new Uint8Array(Buffer.from(pdf?.content ?? '', 'base64')))
    expect(mailed).toBe(await codeOf(friend, newId))
    await running.mails.waitFor(buyer.email, /handed on.*Passed on/)
    expectStatus(await show(eventId, mailed ?? ''), 200)
    // Once it is used or transferred, the buyer cannot get a refund for it.
    expect(
      await buyer.payments.refundOrder({
        params: { orderId },
        body: { reason: 'No.', ticketIds: [ticketId] },
      }),
    ).toMatchObject({
      status: 409,
      body: { error: 'NOT_REFUNDABLE' },
    })
  })

  test('to an unregistered address waits until the reader of its mail claims it with the link', async () => {
    const { eventId, tickets } = await withTickets('Waiting for you', 1)
    const [{ ticketId, code }] = tickets
    const email = addressOf('Nowy')
    const pending = expectStatus(
      await buyer.tickets.transferTicket({ params: { ticketId }, body: { email, holderName: 'Nowy Gość' } }),
      200,
    )
    expect(pending.status).toBe('PENDING')
    const offer = await running.mails.waitFor(email, /ticket for you/)
    expect(offer.subject).not.toContain('Waiting for you')
    expect(offer.body.text).toContain('Waiting for you')
    expect(expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status).toBe('ACTIVE')
    const newcomer = await running.person({ firstName: 'Nowy', lastName: 'Gość' }, { email })
    const body = { token: tokenOf(offer.body.text, 'claim-ticket') }
    expect(await newcomer.tickets.claimTransfer({ body })).toMatchObject({
      status: 403,
      body: { error: 'EMAIL_NOT_VERIFIED' },
    })
    await newcomer.confirmAddress()
    expect(expectStatus(await newcomer.tickets.listMyTickets({ query: {} }), 200).tickets).toEqual([])
    expect(expectStatus(await newcomer.tickets.claimTransfer({ body }), 200)).toMatchObject({
      eventId,
      status: 'ACTIVE',
    })
    expect(await show(eventId, code)).toMatchObject({ status: 409, body: { error: 'TICKET_TRANSFERRED' } })
  })

  test('can be revoked while it waits, and cannot be sent to oneself or twice', async () => {
    const { tickets } = await withTickets('Changed my mind', 1)
    const [{ ticketId }] = tickets
    const give = (email: string) =>
      buyer.tickets.transferTicket({ params: { ticketId }, body: { email, holderName: 'Ktoś' } })
    const { transferId } = expectStatus(await give(addressOf('Nikt')), 200)
    expect(await give(addressOf('Inny'))).toMatchObject({ status: 409, body: { error: 'TRANSFER_PENDING' } })
    expectStatus(await buyer.tickets.cancelTransfer({ params: { transferId } }), 204)
    expect((await give(buyer.email)).status).toBeGreaterThanOrEqual(400)
    expect(expectStatus(await buyer.tickets.getTicket({ params: { ticketId } }), 200).status).toBe('ACTIVE')
  })

  test('is refunded to the buyer who paid when the organizer refunds every order', async () => {
    const { eventId, orderId, tickets } = await withTickets('Taken back', 1)
    const [{ ticketId }] = tickets
    expectStatus(
      await buyer.tickets.transferTicket({
        params: { ticketId },
        body: { email: friend.email, holderName: 'Filip' },
      }),
      200,
    )
    expectStatus(
      await organizer.payments.refundOrder({ params: { orderId }, body: { reason: 'Moved.' } }),
      202,
    )
    await buyer.waitForOrder(orderId, ({ status }) => status === 'REFUNDED')
    const { tickets: ofFriend } = expectStatus(await friend.tickets.listMyTickets({ query: {} }), 200)
    expect(ofFriend.filter((ticket) => ticket.eventId === eventId)).toMatchObject([{ status: 'CANCELLED' }])
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 4_000, refunded: 4_000 })
  })
})

test('all invariants hold afterwards', async () => {
  await running.expectAgreement()
})
