import { randomUUID } from 'node:crypto'
import { type TicketId, type TransferId, ticketTransferOffered, ticketTransferred } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generatedFor, type Notifications, startNotifications, ticketOf } from './harness.ts'
import { codePng, pdfOf } from './peers.ts'

let service: Notifications
beforeAll(async () => {
  service = await startNotifications()
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

test('a ticket that changed hands: the new owner gets it, the old one hears that it left and sees nothing of the new', async () => {
  const [sender, recipient] = [await service.user({ firstName: 'Zofia' }), await service.user({ firstName: 'Ελένη' })]
  const generated = generatedFor(sender, service, 1)
  const old = ticketOf(generated, 0)
  const fresh = { ...old, ticketId: randomUUID() as TicketId, ticketNumber: 'TKT-2026-000777', holderName: 'Ελένη Παππά' }
  service.world.tickets = [{ ...fresh, seat: { zoneId: 1, rowLabel: 'B', colLabel: '7' } }]
  await service.tell(ticketTransferred, {
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

test('a ticket for an address that nobody has proved is announced there, and the address is forgotten', async () => {
  const sender = await service.user()
  const recipientEmail = `${randomUUID().slice(0, 8)}@strangers.example`
  const offer = {
    transferId: randomUUID() as TransferId,
    ticketId: randomUUID() as TicketId,
    eventId: service.world.event.eventId,
    userId: sender.userId,
    senderName: 'Mallory\r\nBcc: all@victims.example <b>',
    recipientEmail,
    holderName: 'Jan <i>Kowalski</i>',
  }
  await service.tell(ticketTransferOffered, offer)
  const mail = await mailTo(recipientEmail)
  expect(mail.subject).toBe('Mallory Bcc: all@victims.example <b> has a ticket for you: Święto Świateł')
  expect(mail.bcc).toBeUndefined()
  expect(mail.text).toContain('make an account with it')
  expect(mail.html).toContain('Jan &lt;i&gt;Kowalski&lt;/i&gt;')
  expect(mail.html).toContain('href="https://boxoffice.example/"')
  await until(async () => {
    const rows = await service.deps.prisma.notification.findMany({ where: { recipientId: null } })
    expect(rows).toMatchObject([{ status: 'SENT', type: 'TICKET_TRANSFERRED', address: null }])
    expect(JSON.stringify(rows)).not.toContain(recipientEmail)
  })
  expect(await service.rows(sender.userId)).toEqual([])
})
