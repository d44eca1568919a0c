import { cutToGraphemes } from '@boxoffice/contracts'
import { longNames, writtenAddresses, writtenNames } from '@boxoffice/testing'
import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { mimeOf } from '../sending/mime.ts'
import { segmentsOf } from '../texts/segments.ts'
import { textOf } from '../texts/text-message.ts'
import { eventCancelledMail } from './event-cancelled.ts'
import type { ShownEvent } from './mail.ts'
import { escapeHtml } from './template.ts'

// Names and addresses of many scripts in mails and text messages.

const sender = { from: 'tickets@boxoffice.example', replyTo: [] }
const about = {
  notificationId: crypto.randomUUID(),
  type: 'EVENT_CANCELLED',
  sender,
  date: new Date(),
} as const
const eventOf = (name: string) => ({
  name,
  eventDate: new Date('2026-12-04T18:30:00Z'),
  timeZone: 'Europe/Warsaw',
  venueName: name,
  venueAddress: name,
})

async function received(name: string, address = 'ada@example.com') {
  const reader = { firstName: name, locale: 'en' }
  const mail = eventCancelledMail({ reader, event: eventOf(name) as never, cancellationReason: name })
  const composed = { channel: 'EMAIL', mail, to: { name, address }, attachments: [] } as const
  const raw = await mimeOf(composed as never, about)
  return { raw: raw.toString('latin1'), parsed: await simpleParser(raw) }
}
const names = [...writtenNames.map(({ typed, kept = typed }) => kept), ...longNames]

/** Right-to-left names are isolated from the text around them (UAX #9). */
const withoutIsolates = (text = '') => text.replace(/[\u2068\u2069]/g, '')

test.each(names)('%s arrives whole in the subject, the body and the To header', async (name) => {
  const { raw, parsed } = await received(name)
  expect(withoutIsolates(parsed.subject)).toBe(`Cancelled: ${name}`)
  expect(parsed.to).toMatchObject({ value: [{ name, address: 'ada@example.com' }] })
  expect(withoutIsolates(parsed.text)).toContain(`Hi ${name},`)
  expect(parsed.html).toContain(escapeHtml(name))
  expect(
    Buffer.from(raw, 'latin1').every((byte) => byte < 0x80),
    'in ASCII',
  ).toBe(true)
  expect(Math.max(...raw.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998)
})

test('a subject is cut between characters as people see them', async () => {
  const name = '👩‍👩‍👧‍👦'.repeat(300)
  const { parsed } = await received(name)
  expect(parsed.subject).toBe(`${cutToGraphemes(`Cancelled: ${name}`, 249)}…`)
})

test.each(writtenAddresses)('a mail to $kept goes to that address', async ({ kept }) => {
  expect((await received('Ada', kept)).raw.replace(/\r\n\s/g, ' ')).toContain(`\r\nTo: Ada <${kept}>\r\n`)
})

test.each(names.slice(0, writtenNames.length))('a text message says %s whole, in one or two', (name) => {
  const text = textOf('EVENT_CANCELLED', { name } as ShownEvent, {} as never, { orderLinkOf: () => '' })
  expect(text).toBe(
    `Boxoffice: ${name.replace(/[’]/g, (sign) => (text.includes(sign) ? sign : "'"))} is cancelled. ` +
      'Details are in your mailbox.',
  )
  expect(segmentsOf(text)).toBeLessThanOrEqual(2)
})
