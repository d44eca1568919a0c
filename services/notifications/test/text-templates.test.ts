import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { orderStatusChanged, type TicketId, ticketTransferred } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { failedFor, generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

const running: TestService[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'texts-'))
  const files = {
    // With the link of an installation whose name is short it just fits into two messages.
    'ORDER_STATUS_CHANGED.sms': `Your order is {{status}}: {{url}} ${'x'.repeat(180)}`,
    'TICKET_TRANSFERRED.sms': '{{#if received}}You have{{else}}You gave away{{/if}} {{eventName}}, {{when}}',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()))
})
afterAll(() => rm(folder, { recursive: true }))

const start = async (overrides: Record<string, string> = {}) => {
  const service = await startService({ NOTIFICATION_TEMPLATES_DIR: folder, ...overrides })
  running.push(service)
  service.work()
  return service
}
const textsTo = (service: TestService, phone: string) => service.sms.texts(phone).map(({ text }) => text)

async function wanting(
  service: TestService,
  type: 'ORDER_STATUS_CHANGED' | 'TICKET_TRANSFERRED',
  phone: string,
) {
  const user = await service.user({ phone, locale: 'en' })
  await service
    .client(user.headers)
    .updatePreferences({ body: { preferences: [{ type, channel: 'SMS', enabled: true }] } })
  return user
}

/** The text that the buyer of a confirmed order gets. */
async function confirmed(service: TestService): Promise<string | undefined> {
  const user = await wanting(service, 'ORDER_STATUS_CHANGED', '+48555000401')
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  service.world.order = { status: 'CONFIRMED' }
  const order = { orderId, orderNumber, userId, eventId }
  await service.publish(orderStatusChanged, { ...order, previousStatus: 'PAID', status: 'CONFIRMED' })
  await until(() => expect(textsTo(service, '+48555000401')).toHaveLength(1))
  return textsTo(service, '+48555000401')[0]
}

test('an operator’s text of an order says where that stands, with the link to it', async () => {
  expect(await confirmed(await start())).toMatch(
    /^Your order is confirmed: https:\/\/boxoffice\.example\/order#token=[\w-]{43} x{180}$/,
  )
})

test('… and where a link makes it too long for two messages, ours is sent', async () => {
  const PUBLIC_URL = `https://${'a-long-name.'.repeat(4)}boxoffice.example`
  expect(await confirmed(await start({ PUBLIC_URL }))).toMatch(
    /^Boxoffice: your order is confirmed\. https:\/\/[a-z.-]+\/order#token=[\w-]{43}$/,
  )
})

test('an operator’s text of a transferred ticket differs for each side, and says when', async () => {
  const service = await start()
  const sender = await wanting(service, 'TICKET_TRANSFERRED', '+48555000402')
  const recipient = await wanting(service, 'TICKET_TRANSFERRED', '+48555000403')
  const { ticketId, ticketNumber, ticketTypeId, orderId, eventId, ...old } = ticketOf(
    generatedFor(sender, service, 1),
    0,
  )
  const newTicketId = randomUUID() as TicketId
  service.world.tickets = [
    { ...old, orderId, eventId, ticketTypeId, ticketId: newTicketId, ticketNumber: 'TKT-2026-000778' },
  ]
  const ticket = { orderId, eventId, ticketId, ticketNumber, ticketTypeId, newTicketId }
  const parties = {
    userId: sender.userId,
    recipientId: recipient.userId,
    recipientEmail: recipient.email,
    holderName: 'Ada',
  }
  await service.publish(ticketTransferred, { ...ticket, ...parties })
  await until(() =>
    expect(textsTo(service, '+48555000402')).toEqual([
      expect.stringMatching(/^You gave away Święto Świateł, /),
    ]),
  )
  await until(() =>
    expect(textsTo(service, '+48555000403')).toEqual([
      expect.stringMatching(/^You have Święto Świateł, \w{3} \d+ \w+, \d\d:\d\d [A-Z][\w+:]+$/),
    ]),
  )
})
