import { expect, test } from 'vitest'
import { ticketsReceivedMail } from './tickets-received.ts'

const event = {
  name: 'Gala <of> דוד',
  eventDate: new Date('2026-12-04T18:30:00Z'),
  timeZone: 'Europe/Warsaw',
  venueName: 'Park Śląski',
  venueAddress: 'Różana 2',
}
const ticketsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    event: index === 1 ? { ...event, name: 'Drugi' } : event,
    ticketNumber: `TKT-2026-${String(index + 1).padStart(6, '0')}`,
    holderName: 'Łucja',
    ...(index === 0 && { seat: { zoneId: 1, rowLabel: 'B', colLabel: '7' } }),
  }))
const mailOf = (count: number) =>
  ticketsReceivedMail({
    reader: { firstName: 'Łucja', locale: 'en' },
    tickets: ticketsOf(count),
    url: 'https://box.example/',
  })

test('tickets of several events are listed with their events, seats and a link', () => {
  const mail = mailOf(2)
  for (const body of [mail.html, mail.text])
    for (const words of [
      'TKT-2026-000001',
      'TKT-2026-000002',
      'Drugi',
      'Section 1, row B, seat 7',
      '19:30',
      'https://box.example/',
    ])
      expect(body).toContain(words)
  expect(mail.html).toContain('Gala &lt;of&gt; דוד')
  expect(mail.html).not.toMatch(/<of>|\{\{|cid:|<img/)
  expect(mail.subject).not.toContain('Gala')
})

test('only the first fifty are listed', () => {
  for (const body of [mailOf(53).html, mailOf(53).text]) {
    expect(body).toContain('TKT-2026-000050')
    expect(body).not.toContain('TKT-2026-000051')
    expect(body).toContain('and 3 more')
  }
})
