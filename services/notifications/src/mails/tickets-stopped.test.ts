import { expect, test } from 'vitest'
import { ticketsReinstatedMail, ticketsStoppedMail } from './tickets-stopped.ts'

const event = {
  name: 'Gala <of> דוד',
  eventDate: new Date('2026-12-04T18:30:00Z'),
  timeZone: 'Europe/Warsaw',
  venueName: 'Park Śląski',
  venueAddress: 'Różana 2',
}
const about = { reader: { firstName: 'Łucja', locale: 'en' }, event }
const numbers = (count: number) =>
  Array.from({ length: count }, (_, index) => `TKT-2026-${String(index + 1).padStart(6, '0')}`)
const plain = (html: string) =>
  html
    .slice(html.indexOf('<body'))
    .replace(/<(style|script)[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')

test.each([
  ['DISPUTE_LOST', 'The bank of whoever paid has taken the money back.'],
  ['ORGANIZER', 'The organizer of the event has decided so.'],
] as const)('a stop for %s says why, which ticket, and that it can be undone', (reason, why) => {
  const mail = ticketsStoppedMail({ ...about, reason, ticketNumbers: numbers(1) })
  expect(mail.subject).toBe('Your ticket for \u2068Gala <of> דוד\u2069 is stopped')
  for (const body of [plain(mail.html), mail.text]) {
    for (const words of [
      why,
      'TKT-2026-000001',
      'it admits nobody and cannot be passed on',
      'can reinstate it',
      'Park Śląski',
      'Łucja',
    ])
      expect(body).toContain(words)
  }
  expect(mail.html).toContain('Gala &lt;of&gt; דוד')
  expect(mail.html).not.toMatch(/<of>|\{\{|cid:|<img|href="http/)
  expect(mail.html).toContain('<title>Your ticket for \u2068Gala &lt;of&gt; דוד\u2069 is stopped</title>')
})

test('only the first twenty are named', () => {
  const some = ticketsStoppedMail({ ...about, reason: 'DISPUTE_LOST', ticketNumbers: numbers(3) })
  expect(some.subject).toMatch(/^Your tickets for .* are stopped$/)
  expect(some.text).toContain('Tickets: TKT-2026-000001, TKT-2026-000002, TKT-2026-000003\n')
  const many = ticketsStoppedMail({ ...about, reason: 'DISPUTE_LOST', ticketNumbers: numbers(23) })
  for (const body of [plain(many.html), many.text]) {
    expect(body).toContain('TKT-2026-000020 and 3 more')
    expect(body).not.toContain('TKT-2026-000021')
  }
})

test('a reinstated ticket is valid with the same code', () => {
  const mail = ticketsReinstatedMail({ ...about, ticketNumbers: numbers(2) })
  expect(mail.subject).toMatch(/^Your tickets for .* are valid again$/)
  for (const body of [plain(mail.html), mail.text]) {
    expect(body).toContain('the code that you have admits')
    expect(body).toContain('TKT-2026-000001, TKT-2026-000002')
    expect(body).not.toContain('bank')
  }
})
