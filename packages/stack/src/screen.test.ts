import { stripVTControlCharacters } from 'node:util'
import { EventId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { loadPorts } from './ports.ts'
import { startScreen } from './screen.ts'

const urls = {
  edge: 'http://127.0.0.1:8000',
  auth: 'http://127.0.0.1:8080',
  events: 'http://127.0.0.1:8081',
  tickets: 'http://127.0.0.1:8082',
  payments: 'http://127.0.0.1:8083',
  notifications: 'http://127.0.0.1:8084',
  analytics: 'http://127.0.0.1:8085',
  aws: 'http://127.0.0.1:4566',
  mailbox: 'http://127.0.0.1:8025',
  sandbox: 'http://127.0.0.1:8026',
  sms: 'http://127.0.0.1:8027',
  traces: 'http://127.0.0.1:8028',
  redis: 'redis://127.0.0.1:63790',
}
const demo = {
  organizer: { email: 'organizer-0a1b@boxoffice.example', password: 'k3Jx8vQ2mZ1w' },
  buyer: { email: 'buyer-0a1b@boxoffice.example', password: 'p7Tn4rL9sY5c' },
  events: {
    festival: {
      eventId: EventId.parse('3f6f0c1e-9a3b-4d59-8a53-0f6b1f0f7c11'),
      name: 'Riverside Festival',
      eventDate: new Date('2027-01-09T10:00:00Z'),
    },
    theatre: {
      eventId: EventId.parse('3f6f0c1e-9a3b-4d59-8a53-0f6b1f0f7c12'),
      name: 'The Lighthouse Keeper',
      eventDate: new Date('2027-01-22T18:00:00Z'),
    },
    club: {
      eventId: EventId.parse('3f6f0c1e-9a3b-4d59-8a53-0f6b1f0f7c13'),
      name: 'Basement Frequencies',
      eventDate: new Date('2026-12-12T22:00:00Z'),
    },
  },
}
const screen = (colours: boolean, known: Parameters<typeof startScreen>[0]['urls'] = urls) =>
  startScreen({ urls: known, demo, ports: loadPorts({}), folder: '.boxoffice', seconds: 6.24, colours })

test('the screen fits a terminal of 80 by 40 and lists the next steps', () => {
  const plain = screen(false)
  const lines = plain.split('\n')
  expect(lines.length).toBeLessThanOrEqual(40)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  const wanted = [urls.edge, `${urls.edge}/docs`, urls.mailbox, ...Object.values(loadPorts({})).map(String)]
  const people = [demo.organizer, demo.buyer].flatMap(({ email, password }) => [email, password])
  const ids = Object.values(demo.events).map(({ eventId }) => eventId)
  for (const text of [
    ...wanted,
    ...ids,
    ...people,
    'npm run demo',
    'npm run -s boxoffice -- status',
    'curl ',
  ])
    expect(plain).toContain(text)
})

test('traces are listed if tracing is on', () => {
  const { traces, ...others } = urls
  expect(screen(false)).toContain(`${traces}/`)
  expect(screen(false, others)).not.toContain('Traces')
})

test('colours do not change the text, and a pipe gets none', () => {
  expect(stripVTControlCharacters(screen(true))).toBe(screen(false))
  expect(screen(true)).not.toBe(screen(false))
})
