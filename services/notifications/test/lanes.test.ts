import { inParts, type OrderId, paymentFailed, ticketsGenerated } from '@boxoffice/contracts'
import { patientPolicies } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, expect, test } from 'vitest'
import { callees } from '../src/config.ts'
import { pdfOf } from './peers.ts'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

const running: TestService[] = []
const start = async (overrides: Record<string, string> = {}) => {
  const service = await startService(overrides)
  running.push(service)
  service.work()
  return service
}
afterAll(async () => {
  await Promise.all(running.map((started) => started.stop()))
})

type User = Awaited<ReturnType<TestService['user']>>
const settled = (of: TestService, { userId }: User, status: string) =>
  until(async () => expect(await of.rows(userId)).toMatchObject([{ status }]))
const buyerOf = async (service: TestService, count: number) => {
  const user = await service.user({ locale: 'en' })
  const generated = generatedFor(user, service, count)
  const publish = async () => {
    for (const { things, ...part } of inParts(generated.tickets)) {
      await service.publish(ticketsGenerated, { ...generated, ...part, tickets: things })
    }
  }
  return { user, generated, publish }
}
const pdfsTo = (service: TestService, { email }: User) =>
  service.ses
    .mails(email)
    .flatMap(({ mail }) => mail.attachments.filter(({ contentType }) => contentType === 'application/pdf'))

test('printing orders of 300 tickets delays no mail of a small order', async () => {
  // As many large ones as there are places: in one lane they would take all of them.
  const service = await start({ MAIL_CONCURRENCY: '2', MAIL_BULK_CONCURRENCY: '2' })
  const [asked, printed] = [new Set<OrderId>(), Promise.withResolvers<void>()]
  const large = [await buyerOf(service, 300), await buyerOf(service, 300), await buyerOf(service, 300)]
  const isLarge = (orderId: OrderId) => large.some(({ generated }) => generated.orderId === orderId)
  service.world.beforePdf = async (orderId) => {
    if (!isLarge(orderId)) return
    asked.add(orderId)
    await printed.promise
  }
  for (const { publish } of large) await publish()
  await until(() => expect(asked.size).toBe(2))
  const small = await Promise.all(Array.from({ length: 24 }, () => buyerOf(service, 2)))
  for (const { publish } of small) await publish()
  for (const { user } of small) await settled(service, user, 'SENT')
  for (const { user } of large) expect(service.ses.mails(user.email)).toEqual([])
  printed.resolve()
  for (const { user, generated } of large) {
    await settled(service, user, 'SENT')
    const [pdf, ...more] = pdfsTo(service, user)
    expect(more).toEqual([])
    expect(pdf?.content).toEqual(pdfOf(...generated.tickets.map(({ ticketId }) => ticketId)))
  }
})

test('a breaker opened by large documents stops no other mail or call to the ticket service', async () => {
  const breaker = { windowCalls: 2, minimumCalls: 2, failurePercent: 50, openMs: 3_600_000 }
  const service = await start({
    RESILIENCE: patientPolicies(callees, { tickets: { breaker }, documents: { breaker } }),
  })
  const large = await buyerOf(service, 300)
  service.world.beforePdf = async (orderId) => {
    if (orderId === large.generated.orderId) throw new Error('too many tickets are being printed')
  }
  await large.publish()
  await until(async () => expect(await service.deps.health.components().documents?.check()).toBe('DEGRADED'))
  const small = await Promise.all(Array.from({ length: 24 }, () => buyerOf(service, 2)))
  for (const { publish } of small) await publish()
  for (const { user } of small) await settled(service, user, 'SENT')
  await settled(service, large.user, 'SENDING')
})

test('a mail has the codes of the first tickets, lists some, and one PDF with all', async () => {
  const service = await start()
  const { user, generated, publish } = await buyerOf(service, 120)
  await publish()
  await settled(service, user, 'SENT')
  const [sent] = service.ses.mails(user.email)
  const pngs = sent?.mail.attachments.filter(({ contentType }) => contentType === 'image/png')
  expect(pngs).toHaveLength(10)
  expect(pdfsTo(service, user).map(({ content }) => content)).toEqual([
    pdfOf(...generated.tickets.map(({ ticketId }) => ticketId)),
  ])
  for (const body of [sent?.mail.text, String(sent?.mail.html)]) {
    expect(body).toContain('one PDF with all 120 tickets')
    expect(body).toContain('TKT-2026-000050')
    expect(body).not.toContain('TKT-2026-000051')
    expect(body).toContain('And 70 tickets more.')
  }
})

test('a PDF that a mail cannot carry, or that is not made of so many, is a link instead', async () => {
  const service = await start({ MAIL_SIZE_MAX_BYTES: '2000000' })
  service.world.ballast = 1_250_000
  const fitting = await buyerOf(service, 2)
  await fitting.publish()
  await settled(service, fitting.user, 'SENT')
  expect(pdfsTo(service, fitting.user)).toHaveLength(1)
  expect(service.ses.mails(fitting.user.email)[0]?.raw.length).toBeLessThanOrEqual(2_000_000)

  service.world.ballast = 1_480_000
  service.world.printableMax = 30
  for (const tooLarge of [await buyerOf(service, 2), await buyerOf(service, 31)]) {
    await tooLarge.publish()
    await settled(service, tooLarge.user, 'SENT')
    expect(pdfsTo(service, tooLarge.user)).toEqual([])
    const [sent] = service.ses.mails(tooLarge.user.email)
    expect(sent?.mail.html).toContain('href="https://boxoffice.example/"')
    expect(sent?.mail.text).toContain('too large for a mail: they are in your Boxoffice account')
    expect(sent?.mail.text).toContain('https://boxoffice.example/')
  }
})

test('an order with several messages about its tickets is one mail, whichever comes first', async () => {
  const service = await start()
  const { user, generated } = await buyerOf(service, 3)
  const [first, ...others] = generated.tickets
  await service.publish(ticketsGenerated, { ...generated, tickets: others })
  await service.publish(ticketsGenerated, { ...generated, tickets: first ? [first] : [] })
  await until(async () => expect(await service.consumed('TICKETS_GENERATED', 'done')).toBe(2))
  await settled(service, user, 'SENT')
  // Another mail to the same address is behind any second one.
  await service.publish(paymentFailed, failedFor(user, service))
  await until(() => expect(service.ses.mails(user.email).map(({ mail }) => mail.subject)).toHaveLength(2))
  expect(pdfsTo(service, user).map(({ content }) => content)).toEqual([
    pdfOf(...generated.tickets.map(({ ticketId }) => ticketId)),
  ])
  expect((await service.rows(user.userId)).map(({ type }) => type)).toEqual([
    'ORDER_CONFIRMATION',
    'PAYMENT_FAILED',
  ])
})

test('a confirmation that was stored with its tickets, before they were looked up, is sent', async () => {
  const service = await start()
  const { user, generated } = await buyerOf(service, 2)
  const { orderId, eventId } = generated
  await service.deps.pool.query(
    `insert into notifications (id, message_id, type, recipient_id, order_id, event_id, payload, subject,
       correlation_id, created_at)
     values (gen_random_uuid(), gen_random_uuid(), 'ORDER_CONFIRMATION', $1, $2, $3, $4, 'Your tickets', 'c',
       now())`,
    [
      user.userId,
      orderId,
      eventId,
      { ...generated, tickets: generated.tickets.map((ticket) => ({ ...ticket, unitPrice: 50.25 })) },
    ],
  )
  await settled(service, user, 'SENT')
  expect(pdfsTo(service, user)).toHaveLength(1)
})
