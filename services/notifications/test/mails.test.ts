import { paymentFailed, ticketsDelivered, ticketsGenerated, userCreated } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codePng, pdfOf } from './peers.ts'
import { createdFor, failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

const mailTo = (address: string) =>
  until(() => {
    const [taken, ...more] = service.ses.mails(address)
    if (!taken) throw new Error('no mail yet')
    expect(more).toEqual([])
    return taken
  })

test('an order is confirmed with one PDF of its tickets, their codes, TICKETS_DELIVERED', async () => {
  const user = await service.user()
  const payload = generatedFor(user, service)
  await service.publish(ticketsGenerated, payload)
  const { mail } = await mailTo(user.email)

  expect(mail.subject).toBe('Your tickets for Święto Świateł')
  expect(mail.from?.value).toEqual([{ name: 'Boxoffice', address: 'tickets@boxoffice.example' }])
  expect(mail.to).toMatchObject({ value: [{ name: 'Zofia Łącka', address: user.email }] })
  expect(mail.replyTo?.value.map(({ address }) => address)).toEqual([
    'help@boxoffice.example',
    'desk@boxoffice.example',
  ])
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')

  const pdfs = mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')
  expect(pdfs.map(({ filename }) => filename)).toEqual(['ORD-2026-001234.pdf'])
  expect(pdfs[0]?.content).toEqual(pdfOf(...payload.tickets.map(({ ticketId }) => ticketId)))
  const codes = mail.attachments.filter(({ contentType }) => contentType === 'image/png')
  expect(codes).toHaveLength(2)
  for (const { related, content } of codes) expect([related, content]).toEqual([true, codePng])
  // The parser puts the embedded images in place of their references: none may be left open.
  expect(mail.html).toContain(`<img\nalt="QR code of ticket TKT-2026-000002" src="data:image/png;base64,`)
  expect(mail.html).not.toContain('cid:')

  for (const words of [
    'Święto Świateł',
    'sobota, 17 lipca 2027',
    '19:30 CEST',
    'Park Śląski',
    'Różana 2, 41-501 Chorzów',
    'TKT-2026-000001',
    'TKT-2026-000002',
    'Αλέξανδρος Παπαδόπουλος',
    'ORD-2026-001234',
    '100,50\u00a0€',
  ]) {
    expect(mail.html).toContain(words)
    expect(mail.text).toContain(words)
  }
  expect(mail.text).toContain('Karnet <weekend>')
  expect(mail.html).toContain('Karnet &lt;weekend&gt;')

  const delivered = await service.probe.waitFor(
    ticketsDelivered,
    (message) => message.payload.orderId === payload.orderId,
  )
  const [row] = await service.rows(user.userId)
  expect(row).toMatchObject({ status: 'SENT', attempts: 1, lease: null, subject: mail.subject })
  expect(delivered.payload).toMatchObject({
    notificationId: row?.id,
    userId: user.userId,
    channel: 'EMAIL',
    deliveredAt: row?.sentAt,
  })
  expect(mail.messageId).toBe(`<${row?.id}@boxoffice.example>`)
  expect(mail.headers.get('x-notification-id')).toBe(row?.id)
})

test('a failed payment is explained', async () => {
  const user = await service.user({ locale: 'en' })
  await service.publish(paymentFailed, failedFor(user, service))
  const { mail } = await mailTo(user.email)
  expect(mail.subject).toBe('Your payment for Święto Świateł did not go through')
  for (const words of [
    'Your bank declined the payment.',
    'You have not been charged.',
    'ORD-2026-009876',
    '€100.50',
  ]) {
    expect(mail.html).toContain(words)
    expect(mail.text).toContain(words)
  }
  expect(mail.attachments).toEqual([])
})

test('an order that failed before its charge is explained without mention of payment', async () => {
  const user = await service.user({ locale: 'en' })
  const unpaid = {
    failureReason: 'SEATS_TAKEN',
    retryable: false,
    totalAmount: null,
    currency: null,
  } as const
  await service.publish(paymentFailed, { ...failedFor(user, service), ...unpaid })
  const { mail } = await mailTo(user.email)
  expect(mail.subject).toBe('Your order for Święto Świateł did not go through')
  for (const words of [
    'Someone else was faster with these seats.',
    'You have not been charged.',
    'No tickets are held for it.',
  ])
    for (const body of [mail.html, mail.text]) expect(body).toContain(words)
  expect(mail.text).not.toMatch(/payment|free again/)
})

test('a welcome carries the link of its token, and the token is in clear in the mail alone', async () => {
  const user = await service.user({ locale: 'en', firstName: 'Łukasz' })
  const token = 'tok_-9q8w7e6r5t4z3u2i1o0p'
  const sealed = await service.seal(token)
  await service.publish(userCreated, createdFor(user, sealed))
  const { mail } = await mailTo(user.email)
  const link = `https://boxoffice.example/verify-email#token=${token}`
  expect(mail.text).toContain(link)
  expect(mail.html).toContain(`href="${link}"`)
  expect(mail.text).toContain('Welcome, Łukasz')

  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
  const tables = ['notifications', 'outbox', 'message_archive', 'inbox']
  const dumps = await Promise.all(
    tables.map((name) => service.deps.pool.query(`select to_jsonb(t)::text as row from ${name} t`)),
  )
  const dump = dumps.flatMap(({ rows }) => rows.map(({ row }) => row as string)).join('\n')
  expect(dump).toContain(user.userId)
  expect(dump).not.toContain(token)
  const [row] = await service.rows(user.userId)
  expect(row?.payload).not.toHaveProperty('sealedToken')
})

test('a welcome that comes too late for its link says so instead of carrying a dead one', async () => {
  const user = await service.user()
  const sealed = await service.seal('tok-late')
  await service.publish(userCreated, createdFor(user, sealed, new Date(Date.now() - 1_000)))
  const { mail } = await mailTo(user.email)
  expect(mail.subject).toBe('Welcome to Boxoffice')
  expect(mail.text).toContain('ask for a new one')
  expect(`${mail.text}${mail.html}`).not.toContain('verify-email')
})

test('hostile names stay text: no markup, no headers of their own, no further recipients', async () => {
  const user = await service.user({
    firstName: '<script>alert(1)</script>',
    lastName: 'Mallory\r\nBcc: everybody@victims.example',
  })
  const original = service.world.event.name
  service.world.event.name =
    'Gala\r\nX-Injected: yes\r\n\r\n<img src=x onerror=alert(1)> {{orderNumber}} "quoted" & more'
  const payload = generatedFor(user, service, 1)
  const [ticket] = payload.tickets
  service.world.orders.set(payload.orderId, ticket ? [{ ...ticket, holderName: '"><a href=x>' }] : [])
  await service.publish(ticketsGenerated, payload)
  const { mail, raw, destination } = await mailTo(user.email)
  service.world.event.name = original

  expect(destination).toBe(user.email)
  expect(mail.headers.has('x-injected')).toBe(false)
  expect(mail.bcc).toBeUndefined()
  expect(mail.to).toMatchObject({ value: [{ address: user.email }] })
  expect(raw).not.toMatch(/^(X-Injected|Bcc):/im)
  expect(mail.subject).toBe(
    'Your ticket for Gala X-Injected: yes <img src=x onerror=alert(1)> {{orderNumber}} "quoted" & more',
  )
  const html = String(mail.html)
  expect(html).not.toMatch(/<script|<img src=x|<a href=x/)
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(html).toContain('{{orderNumber}} &quot;quoted&quot; &amp; more')
  expect(mail.text).toContain('<script>alert(1)</script>')
})

test('the files of an order of few tickets come with its data, without another request', async () => {
  const { world } = service
  const [pdfsBefore, codesBefore] = [world.pdfsAsked.length, world.codesAsked]
  world.givesFiles = true
  const user = await service.user()
  const payload = generatedFor(user, service)
  await service.publish(ticketsGenerated, payload)
  const { mail } = await mailTo(user.email)
  world.givesFiles = false
  const contents = (type: string) =>
    mail.attachments.filter(({ contentType }) => contentType === type).map(({ content }) => content)
  expect(contents('application/pdf')).toEqual([pdfOf(...payload.tickets.map(({ ticketId }) => ticketId))])
  expect(contents('image/png')).toEqual([codePng, codePng])
  expect([world.pdfsAsked.length, world.codesAsked]).toEqual([pdfsBefore, codesBefore])
})

test('invalid tickets are left out; where none is left, no confirmation is sent', async () => {
  const user = await service.user()
  const some = generatedFor(user, service, 2)
  service.world.invalid.add(some.tickets[0]?.ticketId ?? '')
  await service.publish(ticketsGenerated, some)
  const { mail } = await mailTo(user.email)
  expect(mail.attachments.filter(({ contentType }) => contentType === 'application/pdf')).toHaveLength(1)
  expect(mail.text).not.toContain('TKT-2026-000001')

  const other = await service.user()
  const none = generatedFor(other, service, 1)
  service.world.invalid.add(none.tickets[0]?.ticketId ?? '')
  await service.publish(ticketsGenerated, none)
  await until(async () =>
    expect(await service.rows(other.userId)).toMatchObject([
      { status: 'FAILED', failureReason: 'TICKETS_NOT_VALID' },
    ]),
  )
  expect(service.ses.mails(other.email)).toEqual([])
})
