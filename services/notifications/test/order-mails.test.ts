import { randomUUID } from 'node:crypto'
import {
  type Minor,
  type OrderInfo,
  orderCancelled,
  orderCreated,
  orderStatusChanged,
  type Payload,
  paymentCompleted,
  type RefundId,
  refundProcessed,
  type TicketTypeId,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { failedFor, generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => {
  service.world.order = {}
  service.world.tickets = []
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const orderOf = (user: User) => {
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  return { orderId, orderNumber, userId, eventId }
}
const refundOf = (
  order: ReturnType<typeof orderOf>,
  about: Partial<Payload<typeof refundProcessed>> = {},
): Payload<typeof refundProcessed> => ({
  ...order,
  refundId: randomUUID() as RefundId,
  refundAmount: 10_050 as Minor,
  currency: 'EUR',
  reason: 'EVENT_CANCELLED',
  ...about,
})
const refunded: Partial<OrderInfo> = { status: 'REFUNDED', refundedAmount: 10_050 as Minor }
const mailsTo = (user: User) => service.ses.mails(user.email).map(({ mail }) => mail)
const mailTo = (user: User) =>
  until(() => {
    const mails = mailsTo(user)
    expect(mails).toHaveLength(1)
    return mails[0] as NonNullable<(typeof mails)[0]>
  })
/** Everything that was consumed for a user is sent or taken back. */
const settled = (user: User, count: number) =>
  until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.map(({ status }) => status)).toEqual(Array(count).fill('SENT'))
  })
const consumedOnce = async (eventType: string, work: () => Promise<unknown>) => {
  const before = await service.consumed(eventType, 'done')
  await work()
  await until(async () => expect(await service.consumed(eventType, 'done')).toBe(before + 1))
}

test.each(['refund first', 'cancellation first'])(
  'an order that was refunded as a whole is one mail: %s',
  async (order) => {
    const user = await service.user({ locale: 'en' })
    service.world.order = refunded
    const about = orderOf(user)
    const cancelled = { ...about, reason: 'EVENT_CANCELLED' }
    const refund = () =>
      consumedOnce('REFUND_PROCESSED', () => service.publish(refundProcessed, refundOf(about)))
    const cancel = () => consumedOnce('ORDER_CANCELLED', () => service.publish(orderCancelled, cancelled))
    for (const publish of order === 'refund first' ? [refund, cancel] : [cancel, refund]) await publish()
    await settled(user, 1)
    const mail = await mailTo(user)
    expect(mail.subject).toBe('Your refund for Święto Świateł')
    for (const words of [
      'is cancelled and its money goes back',
      'The event was cancelled.',
      '€100.50',
      'ORD-2026-009876',
    ]) {
      expect(mail.text).toContain(words)
      expect(mail.html).toContain(words)
    }
  },
)

test('a partial refund names the refunded tickets, and says that the others are valid', async () => {
  const user = await service.user({ locale: 'en' })
  const generated = generatedFor(user, service, 3)
  service.world.order = { status: 'CONFIRMED', refundedAmount: 5_025 as Minor }
  service.world.tickets = [0, 1, 2].map((index) =>
    ticketOf(generated, index, { seat: { zoneId: 2, rowLabel: 'A', colLabel: `${index + 1}` } }),
  )
  const [, second] = generated.tickets
  const ticketIds = second ? [second.ticketId] : []
  const refund = refundOf(orderOf(user), {
    refundAmount: 5_025 as Minor,
    ticketIds,
    reason: 'changed my mind',
  })
  await service.publish(refundProcessed, refund)
  const mail = await mailTo(user)
  for (const words of ['TKT-2026-000002', 'Section 2, row A, seat 2', 'all others stay valid', '€50.25']) {
    expect(mail.text).toContain(words)
    expect(mail.html).toContain(words)
  }
  expect(mail.text).not.toMatch(/TKT-2026-00000[13]/)
})

test('money that came after the order had failed goes back without a word of tickets', async () => {
  const user = await service.user({ locale: 'en' })
  service.world.order = { status: 'FAILED', refundedAmount: 10_050 as Minor }
  await service.publish(refundProcessed, refundOf(orderOf(user), { reason: 'PAYMENT_TIMEOUT' }))
  const mail = await mailTo(user)
  expect(mail.text).toContain('Your payment arrived after the order had been given up.')
  expect(mail.text).not.toContain('valid')
})

test.each([
  ['CANCELLED', 'CANCELLED_BY_BUYER', 'You have not been charged'],
  ['REFUNDED', 'EVENT_CANCELLED', 'They had cost nothing'],
] as const)('an order that ends %s without a refund has its own mail', async (status, reason, words) => {
  const user = await service.user()
  service.world.order = { status, refundedAmount: 0 as Minor }
  await service.publish(orderCancelled, { ...orderOf(user), reason })
  const mail = await mailTo(user)
  expect(mail.subject).toBe('Your order for Święto Świateł is cancelled')
  expect(mail.text).toContain(words)
})

test('an order in progress has a mail, one that has ended by then has none', async () => {
  const [waiting, served] = [await service.user(), await service.user()]
  service.world.order = { status: 'PENDING' }
  const created = (user: User) => ({ ...orderOf(user), status: 'PENDING' as const, createdAt: new Date() })
  await service.publish(orderCreated, created(waiting))
  expect((await mailTo(waiting)).subject).toBe('We have your order for Święto Świateł')
  service.world.order = { status: 'CONFIRMED' }
  await consumedOnce('ORDER_CREATED', () => service.publish(orderCreated, created(served)))
  await settled(served, 0)
  expect(mailsTo(served)).toEqual([])
})

test('receipts and mails about each order step are sent to users who turned them on', async () => {
  const [quiet, curious] = [await service.user({ locale: 'en' }), await service.user({ locale: 'en' })]
  const preferences = (['PAYMENT_PROCESSED', 'ORDER_STATUS_CHANGED'] as const).map((type) => ({
    type,
    channel: 'EMAIL' as const,
    enabled: true,
  }))
  await service.client(curious.headers).updatePreferences({ body: { preferences } })
  for (const user of [quiet, curious]) {
    const { reservationId } = failedFor(user, service)
    const items = [{ ticketTypeId: randomUUID() as TicketTypeId, quantity: 2, unitPrice: 5_025 as Minor }]
    const paid = {
      totalAmount: 10_050 as Minor,
      currency: 'EUR',
      paymentMethod: 'CREDIT_CARD',
      items,
    } as const
    await service.publish(paymentCompleted, {
      ...orderOf(user),
      ...paid,
      reservationId,
      holderName: 'Ada',
      transactionId: 'pi_secret',
    })
    service.world.order = { status: 'REFUND_PENDING' }
    await service.publish(orderStatusChanged, {
      ...orderOf(user),
      previousStatus: 'CONFIRMED',
      status: 'REFUND_PENDING',
    })
  }
  await until(() => expect(mailsTo(curious)).toHaveLength(2))
  await until(async () => expect(await service.consumed('ORDER_STATUS_CHANGED', 'done')).toBe(2))
  const texts = mailsTo(curious).map(({ subject, text }) => `${subject}\n${text}`)
  expect(texts.sort()).toEqual([
    expect.stringMatching(/^Your order for Święto Świateł is being refunded/),
    expect.stringMatching(
      /^Your receipt for Święto Świateł\n[\s\S]*2 × €50\.25 = €100\.50[\s\S]*Paid: €100\.50/,
    ),
  ])
  expect(texts.join()).not.toContain('pi_secret')
  for (const { subject, text, html } of mailsTo(curious).filter((mail) =>
    mail.subject?.includes('refunded'),
  )) {
    expect(text, subject).toMatch(
      /See where it stands: https:\/\/boxoffice\.example\/order#token=[\w-]{43}\n/,
    )
    expect(html).toMatch(/href="https:\/\/boxoffice\.example\/order#token=[\w-]{43}"/)
  }
  expect(await service.rows(quiet.userId)).toEqual([])
})

test('text messages about orders go to users who enabled them, with a link to the status', async () => {
  const phoneNumber = '+48555000301'
  const user = await service.user({ phone: phoneNumber })
  const types = ['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED'] as const
  const preferences = types.map((type) => ({ type, channel: 'SMS' as const, enabled: true }))
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  const about = orderOf(user)
  const texts = () => service.sms.texts(phoneNumber).map(({ text }) => text)
  const says = (count: number) => until(() => expect(texts()).toHaveLength(count))
  service.world.order = { status: 'PENDING' }
  await service.publish(orderCreated, { ...about, status: 'PENDING', createdAt: new Date() })
  await says(1)
  service.world.order = { status: 'CONFIRMED' }
  await service.publish(orderStatusChanged, { ...about, previousStatus: 'PAID', status: 'CONFIRMED' })
  await says(2)
  const items = [{ ticketTypeId: randomUUID() as TicketTypeId, quantity: 2, unitPrice: 5_025 as Minor }]
  const paid = { totalAmount: 10_050 as Minor, currency: 'EUR', paymentMethod: 'CREDIT_CARD', items } as const
  const { reservationId } = failedFor(user, service)
  await service.publish(paymentCompleted, {
    ...about,
    ...paid,
    reservationId,
    holderName: 'Ada',
    transactionId: 'pi_1',
  })
  await says(3)
  service.world.order = { status: 'CANCELLED' }
  await service.publish(orderCancelled, { ...about, reason: 'CANCELLED_BY_BUYER' })
  await says(4)
  expect(texts()).toEqual([
    'Boxoffice: we have your order for Święto Świateł. You hear from us when it is through.',
    expect.stringMatching(
      /^Boxoffice: your order is confirmed\. https:\/\/boxoffice\.example\/order#token=[\w-]{43}$/,
    ),
    'Boxoffice: your payment for Święto Świateł went through.',
    'Boxoffice: your order for Święto Świateł is cancelled.',
  ])
  expect(texts().join()).not.toMatch(/ORD-|Zofia|Ada|100/)

  const [, token = ''] = /token=([\w-]+)/.exec(texts()[1] ?? '') ?? []
  const shown = async (code: string) => {
    const { statusCode, body } = await service.app.inject({
      method: 'POST',
      url: '/order',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ code }).toString(),
    })
    return `${statusCode} ${/role="status">([^<]*)</.exec(body)?.[1]}`
  }
  service.world.order = { status: 'REFUNDED', eventId: service.world.event.eventId }
  const refundedNow =
    '200 Your order ORD-2026-001234 for Święto Świateł is refunded. Its tickets are not valid any more.'
  expect(await shown(token)).toContain(refundedNow)
  expect(await shown(`https://boxoffice.example/order#token=${token}`)).toContain(refundedNow)
  expect(await shown(`${token.slice(0, -2)}AA`)).toMatch(/^404 This link is not valid/)
  expect(await shown('')).toMatch(/^400 The code is missing/)
  service.world.down.add('payments')
  expect(await shown(token)).toMatch(/^503 /)
  service.world.down.clear()
  expect((await service.app.inject('/order')).body).toContain('action="/order"')
})

test('there is no receipt for what cost nothing', async () => {
  const user = await service.user({ locale: 'en' })
  const wanted = { type: 'PAYMENT_PROCESSED', channel: 'EMAIL', enabled: true } as const
  await service.client(user.headers).updatePreferences({ body: { preferences: [wanted] } })
  for (const unitPrice of [0, 5_025] as Minor[]) {
    const items = [{ ticketTypeId: randomUUID() as TicketTypeId, quantity: 1, unitPrice }]
    const paid = { totalAmount: unitPrice, currency: 'EUR', paymentMethod: 'CREDIT_CARD', items } as const
    const { reservationId } = failedFor(user, service)
    const transactionId = unitPrice > 0 ? 'pi_1' : null
    await service.publish(paymentCompleted, {
      ...orderOf(user),
      ...paid,
      reservationId,
      holderName: 'Ada',
      transactionId,
    })
  }
  await until(() => expect(mailsTo(user)).toMatchObject([{ text: expect.stringContaining('Paid: €50.25') }]))
  await until(async () =>
    expect(await service.consumed('PAYMENT_COMPLETED', 'done')).toBeGreaterThanOrEqual(2),
  )
  expect(await service.rows(user.userId)).toHaveLength(1)
})
