import { randomUUID } from 'node:crypto'
import {
  paymentFailed,
  type TicketId,
  type TransferId,
  ticketsGenerated,
  ticketTransferOffered,
  ticketTransferred,
  userEmailVerified,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addressHashOf } from '../src/suppressions/suppression.ts'
import { findSuppressions } from '../src/suppressions/suppression-repository.ts'
import { CLAIM_TOKEN, codePng, pdfOf } from './peers.ts'
import { failedFor, generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

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
    return taken.mail
  })

test('the new owner gets a transferred ticket, the old one a notice without the new one', async () => {
  const [sender, recipient] = [
    await service.user({ firstName: 'Zofia' }),
    await service.user({ firstName: 'Ελένη' }),
  ]
  const generated = generatedFor(sender, service, 1)
  const old = ticketOf(generated, 0)
  const fresh = {
    ...old,
    ticketId: randomUUID() as TicketId,
    ticketNumber: 'TKT-2026-000777',
    holderName: 'Ελένη Παππά',
  }
  service.world.tickets = [{ ...fresh, seat: { zoneId: 1, rowLabel: 'B', colLabel: '7' } }]
  await service.publish(ticketTransferred, {
    orderId: old.orderId,
    userId: sender.userId,
    eventId: old.eventId,
    ticketId: old.ticketId,
    ticketNumber: old.ticketNumber,
    ticketTypeId: old.ticketTypeId,
    newTicketId: fresh.ticketId,
    recipientId: recipient.userId,
    recipientEmail: recipient.email,
    holderName: fresh.holderName,
  })

  const received = await mailTo(recipient.email)
  expect(received.subject).toBe('Your ticket for Święto Świateł')
  for (const words of ['TKT-2026-000777', 'Ελένη Παππά', 'Section 1, row B, seat 7', 'Park Śląski']) {
    expect(received.html).toContain(words)
    expect(received.text).toContain(words)
  }
  const files = received.attachments.map(({ contentType, content }) => [contentType, content])
  expect(files).toEqual([
    ['image/png', codePng],
    ['application/pdf', pdfOf(fresh.ticketId)],
  ])

  const left = await mailTo(sender.email)
  expect(left.subject).toBe('You handed on your ticket for Święto Świateł')
  expect(left.text).toContain(old.ticketNumber)
  expect(left.attachments).toEqual([])
  const rows = JSON.stringify([left.html, left.text, await service.rows(sender.userId)])
  expect(rows).not.toContain(fresh.ticketId)
  expect(rows).not.toContain(fresh.ticketNumber)
  expect(rows).not.toContain(recipient.email)
  const log = await service.client(recipient.headers).listNotifications({ query: {} })
  expect(log.body.notifications).toMatchObject([{ type: 'TICKET_TRANSFERRED', eventId: old.eventId }])
  expect(JSON.stringify(log.body)).not.toContain(old.orderId)
})

async function offerTo(recipientEmail: string, over: object = {}) {
  const sender = await service.user()
  const offer = {
    transferId: randomUUID() as TransferId,
    ticketId: randomUUID() as TicketId,
    eventId: service.world.event.eventId,
    userId: sender.userId,
    senderName: 'Zofia Łącka',
    recipientEmail,
    holderName: 'Jan Kowalski',
    ...over,
  }
  await service.publish(ticketTransferOffered, offer)
  return sender
}
const stranger = () => `${randomUUID().slice(0, 8)}@strangers.example`
const post = (url: string, payload: string, type = 'application/x-www-form-urlencoded') =>
  service.app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload })

test('a ticket for an unconfirmed address is offered there with its token, then forgotten', async () => {
  const recipientEmail = stranger()
  const sender = await offerTo(recipientEmail, {
    senderName: 'Mallory\r\nBcc: all@victims.example <b>',
    holderName: 'Jan <i>Kowalski</i>',
  })
  const mail = await mailTo(recipientEmail)
  expect(mail.bcc).toBeUndefined()
  const link = `https://boxoffice.example/claim-ticket#token=${CLAIM_TOKEN}`
  expect(mail.html).toContain(`href="${link}"`)
  expect(mail.text).toContain(link)
  expect(mail.html).toContain('Jan &lt;i&gt;Kowalski&lt;/i&gt;')
  await until(async () => {
    const rows = await service.deps.db.prisma.notification.findMany({ where: { recipientId: null } })
    expect(rows).toMatchObject([{ status: 'SENT', type: 'TICKET_TRANSFERRED', address: null }])
    expect(JSON.stringify(rows)).not.toContain(recipientEmail)
    expect(JSON.stringify(rows)).not.toContain(CLAIM_TOKEN)
  })
  expect(await service.rows(sender.userId)).toEqual([])
})

test('an unrequested mail has no user-written subject, and no user-written links in its text', async () => {
  const recipientEmail = stranger()
  const { name } = service.world.event
  service.world.event.name = 'You won at evil.example.com'
  await offerTo(recipientEmail, { senderName: 'Claim at evil.com', holderName: 'www.evil.example' })
  const mail = await mailTo(recipientEmail)
  service.world.event.name = name
  expect(mail.subject).toBe('Someone has a ticket for you')
  const all = `${mail.text}${mail.html}`
  expect(all.match(/.{0,60}evil.{0,60}/g)).toBeNull()
  expect(mail.text).toContain('Someone wants to give you a ticket for an event.')

  const unproven = await service.user({ emailVerified: false })
  await service.publish(ticketsGenerated, generatedFor(unproven, service, 1))
  expect((await mailTo(unproven.email)).subject).toBe('Your tickets')
})

test('a reader ends such mails with one press in the mail program or on a page, only those', async () => {
  for (const how of ['one press', 'one press of another program', 'the page'] as const) {
    const recipientEmail = stranger()
    await offerTo(recipientEmail)
    const mail = await mailTo(recipientEmail)
    const oneClick = oneClickOf(recipientEmail) ?? ''
    const page = /https:\/\/boxoffice\.example(\/unsubscribe)#token=([\w.-]+)/.exec(mail.text ?? '')
    expect(mail.html).toContain(`href="${page?.[0]}"`)
    const { pathname } = new URL(oneClick)
    // Scanners follow links: that alone ends nothing.
    const followed = await service.app.inject(pathname)
    expect([followed.statusCode, followed.headers.location]).toEqual([302, `/unsubscribe#token=${page?.[2]}`])
    expect((await service.app.inject('/unsubscribe')).body).toContain('action="/unsubscribe"')
    expect(await suppressionsOf(recipientEmail)).toEqual([])

    const answers = { 'one press': () => post(pathname, 'List-Unsubscribe=One-Click') } as Record<
      string,
      () => ReturnType<typeof post>
    >
    answers['one press of another program'] = () => post(pathname, '--x--', 'multipart/form-data; boundary=x')
    answers['the page'] = () =>
      post('/unsubscribe', new URLSearchParams({ code: page?.[2] ?? '' }).toString())
    for (let times = 0; times < 2; times++) expect((await answers[how]?.())?.statusCode).toBeLessThan(300)
    expect(await suppressionsOf(recipientEmail)).toMatchObject([{ cause: 'OPT_OUT' }])
    await offerTo(recipientEmail)
    await until(async () => {
      const rows = await service.deps.db.prisma.notification.findMany({
        where: { failureReason: 'ADDRESS_SUPPRESSED' },
      })
      expect(rows.length).toBeGreaterThan(0)
      await service.deps.db.prisma.notification.deleteMany({ where: { failureReason: 'ADDRESS_SUPPRESSED' } })
    })
    // An account of their own is another thing, also when its address is confirmed afterwards.
    const user = await service.user({ email: recipientEmail })
    await service.publish(userEmailVerified, {
      userId: user.userId,
      email: recipientEmail,
      verifiedAt: new Date(),
    })
    await service.publish(ticketsGenerated, generatedFor(user, service, 1))
    await until(() => expect(service.ses.mails(recipientEmail)).toHaveLength(2))
    await until(async () => expect(await service.consumed('USER_EMAIL_VERIFIED', 'done')).toBeGreaterThan(0))
    expect(await suppressionsOf(recipientEmail)).toMatchObject([{ cause: 'OPT_OUT' }])
  }
  for (const url of ['/unsubscribe/x', `/unsubscribe/${'A'.repeat(66)}`]) {
    expect((await post(url, 'List-Unsubscribe=One-Click')).statusCode).toBe(404)
  }
})
/** Where a mail program asks for no more of them (RFC 8058); null where the mail has neither header. */
function oneClickOf(address: string): string | null {
  const raw = service.ses.mails(address)[0]?.raw.replace(/\r\n[ \t]+/g, '') ?? ''
  const url = /^List-Unsubscribe: ?<(https:[^>]+)>/m.exec(raw)?.[1] ?? null
  expect(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m.test(raw)).toBe(url !== null)
  return url
}
const suppressionsOf = (email: string) => findSuppressions(service.deps.db, addressHashOf(email))

test('a user ends a kind of mails by one press, and what is owed cannot be ended', async () => {
  const user = await service.user()
  await service.publish(paymentFailed, failedFor(user, service))
  await mailTo(user.email)
  const url = oneClickOf(user.email) ?? ''
  expect((await post(new URL(url).pathname, 'List-Unsubscribe=One-Click')).statusCode).toBe(204)
  const { body } = await service.client(user.headers).getPreferences({})
  const off = body.preferences.filter(
    ({ channel, changeable, enabled }) => channel === 'EMAIL' && changeable && !enabled,
  )
  expect(off.map(({ type }) => type)).toContain('PAYMENT_FAILED')
  expect(body.preferences).toContainEqual({
    type: 'EVENT_UPDATED',
    channel: 'EMAIL',
    enabled: true,
    changeable: true,
  })

  const buyer = await service.user()
  await service.publish(ticketsGenerated, generatedFor(buyer, service, 1))
  await mailTo(buyer.email)
  expect(oneClickOf(buyer.email)).toBeNull()
})
