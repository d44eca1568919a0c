import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { extractText } from 'unpdf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { readQrOfPdf, readQrOfPng } from '../src/qr.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let organizer: Person
let buyer: Person
let sale: Awaited<ReturnType<typeof publishEvent>>

beforeAll(async () => {
  running = await useTestSystem()
  organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka-Ćwiklińska' }, { proven: true })
  sale = await publishEvent(organizer, { name: 'Noc Świętojańska', quantity: 100, unitPrice: 5_000 })
})
afterAll(() => running?.expectDocumented())

const available = async () => {
  const { ticketTypes } = expectStatus(
    await buyer.tickets.listTicketTypes({ query: { eventId: sale.eventId } }),
    200,
  )
  return ticketTypes[0]?.quantityAvailable
}

/**
 * Returns the content of a ticket's code if the ticket service's key signed it, using the public key alone.
 */
function readCode(code: string) {
  const bytes = Buffer.from(code, 'base64url')
  const jwk = JSON.parse(running.system.env.tickets.TICKET_SIGNING_KEY ?? '')
  const publicKey = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' })
  const payload = bytes.subarray(0, -64)
  const keyId = createHash('sha256').update(jwk.kid).digest('hex').slice(0, 8)
  return {
    genuine: verify(null, payload, publicKey, bytes.subarray(-64)) && payload.toString('hex', 1, 5) === keyId,
    ticketId: payload.toString('hex', 5, 21).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  }
}

describe('two tickets', () => {
  test('are bought in one request and mailed as one PDF, with a page and the code of each', async () => {
    const order = expectStatus(await buyer.buy({ ...sale, quantity: 2 }), 201)
    expect(order).toMatchObject({
      status: 'PAID',
      totalAmount: 10_000,
      currency: 'EUR',
      orderNumber: expect.stringMatching(/^ORD-\d{4}-\d{6}$/),
    })
    const confirmed = await buyer.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
    expect(confirmed.tickets).toHaveLength(2)

    const mail = await running.mails.waitFor(buyer.email, /Noc Świętojańska/)
    const pdfs = mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')
    expect(pdfs).toHaveLength(1)
    expect(mail.body.text).toContain(order.orderNumber)
    expect(mail.body.html).toContain('Noc Świętojańska')
    expect(mail.body.text).toContain('Ticket 2 of 2: Standing')

    const codes = new Set<string>()
    const pdf = () => new Uint8Array(Buffer.from(pdfs[0]?.content ?? '', 'base64'))
    const { text: texts } = await extractText(pdf())
    expect(texts).toHaveLength(2)
    for (const [index, text] of texts.entries()) {
      const code = await readQrOfPdf(pdf(), index + 1)
      const { genuine, ticketId } = readCode(code ?? '')
      expect(genuine).toBe(true)
      const ticket = expectStatus(
        await buyer.tickets.getTicket({ params: { ticketId: ticketId as never } }),
        200,
      )
      expect(ticket).toMatchObject({
        status: 'ACTIVE',
        holderName: 'Zofia Łącka-Ćwiklińska',
        orderId: order.orderId,
      })
      const png = expectStatus(
        await buyer.tickets.getTicketQr({ params: { ticketId: ticket.ticketId } }),
        200,
      )
      expect(readQrOfPng(png)).toBe(code)
      expect(text).toContain(ticket.ticketNumber)
      expect(text).toContain('Zofia Łącka-Ćwiklińska')
      codes.add(code ?? '')
    }
    expect(codes.size).toBe(2)
    expect(pdfs[0]?.filename).toBe(`${order.orderNumber}.pdf`)
    expect(confirmed.tickets?.map(({ ticketNumber }) => ticketNumber).toSorted()).toEqual(
      texts.map((text) => text.match(/TKT-\d{4}-\d+/)?.[0]).toSorted(),
    )
  })
  test('of one’s own reservation are paid at the price and within the time of the hold', async () => {
    const reservation = expectStatus(
      await buyer.tickets.createReservation({
        body: { eventId: sale.eventId, ticketRequests: [{ ticketTypeId: sale.ticketTypeId, quantity: 2 }] },
      }),
      201,
    )
    const payment = {
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'Anna Nowak',
    } as const
    const body = { reservationId: reservation.reservationId, ...payment }
    const order = expectStatus(
      await buyer.payments.createOrder({ headers: { 'idempotency-key': randomUUID() }, body }),
      201,
    )
    expect(order).toMatchObject({
      reservationId: reservation.reservationId,
      totalAmount: reservation.totalAmount,
    })
    await buyer.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
    expect(
      await buyer.payments.createOrder({ headers: { 'idempotency-key': randomUUID() }, body }),
    ).toMatchObject({
      status: 409,
    })
  })
  test('with the same key are one order, even in concurrent requests', async () => {
    const key = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => buyer.buy({ ...sale, quantity: 2 }, { key })),
    )
    const ids = new Set(answers.map((answer) => expectStatus(answer, 201).orderId))
    expect(ids.size).toBe(1)
    const [orderId = ''] = ids
    expect(await running.moneyOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
  })
})

test('a registered user is welcomed, and confirms the address with the link in the mail', async () => {
  const guest = await running.person({ firstName: 'Γιώργος', lastName: 'Παπαδόπουλος' })
  const mail = await running.mails.waitFor(guest.email, /./)
  expect(mail.subject).not.toContain('Γιώργος')
  expect(expectStatus(await guest.auth.getMe({}), 200).emailVerified).toBe(false)
  await guest.confirmAddress()
  expect(expectStatus(await guest.auth.getMe({}), 200).emailVerified).toBe(true)
})

test('a decline leaves no hold and no paid order, and is mailed to the buyer', async () => {
  const before = await available()
  const unlucky = await running.person({ firstName: 'Ula', lastName: 'Pech' })
  const answer = await unlucky.buy(
    { ...sale, quantity: 2 },
    { paymentToken: 'pm_card_visa_chargeDeclinedInsufficientFunds' },
  )
  const { orderId } = expectStatus(answer, 402)
  expect(answer.body).toMatchObject({ error: 'PAYMENT_DECLINED', failureReason: 'INSUFFICIENT_FUNDS' })
  expect(await available()).toBe(before)
  expect(await unlucky.waitForOrder(orderId, () => true)).toMatchObject({
    status: 'FAILED',
    paymentStatus: 'FAILED',
  })
  expect(await running.moneyOf(orderId)).toMatchObject({ captured: 0 })
  const mail = await running.mails.waitFor(unlucky.email, /payment/i)
  expect(mail.body.text).toContain('Noc Świętojańska')
  expect(expectStatus(await unlucky.tickets.listMyTickets({ query: {} }), 200).tickets).toEqual([])
})

test.concurrent.each([
  ['pm_card_visa', 'CONFIRMED'],
  ['pm_card_visa_chargeDeclined', 'FAILED'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'FAILED'],
  ['pm_sandbox_timeout_then_succeeded', 'CONFIRMED'],
  ['pm_sandbox_timeout_then_declined', 'FAILED'],
  ['pm_sandbox_error_after_charge', 'CONFIRMED'],
  ['pm_sandbox_error_before_charge', 'FAILED'],
  ['pm_sandbox_slow_400', 'CONFIRMED'],
  ['pm_sandbox_webhook_twice', 'CONFIRMED'],
  ['pm_sandbox_webhook_never', 'CONFIRMED'],
])('%s ends %s, and the gateway’s ledger agrees', async (paymentToken, status) => {
  const buyer = await running.person({ firstName: 'Ursula', lastName: 'Próba' })
  const answer = await buyer.buy({ ...sale, quantity: 1 }, { paymentToken })
  expect([201, 202, 402]).toContain(answer.status)
  const { orderId } = answer.body as unknown as { orderId: never }
  await buyer.waitForOrder(orderId, (order) => order.status === status)
  const charges = status === 'CONFIRMED' ? 1 : 0
  expect(await running.moneyOf(orderId)).toMatchObject({
    captured: 5_000 * charges,
    refunded: 0,
    successfulCharges: charges,
  })
})

test('internal paths cannot be reached from outside', async () => {
  for (const path of [
    '/api/tickets/internal/reserve',
    '/api/auth/internal/users/batch',
    '/api/payments/%69nternal/orders/x',
    '/actuator/health',
  ]) {
    expect((await fetch(`${running.edge}${path}`, { method: 'POST', headers: buyer.headers() })).status).toBe(
      404,
    )
  }
})

test('all invariants hold afterwards: tickets, money, messages, Redis', async () => {
  await running.expectAgreement()
})
