import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { documentOf, renderReport } from './render.ts'
import type { Report } from './report.ts'

const report: Report = {
  checkedAt: new Date('2026-11-21T12:00:00Z'),
  services: [
    {
      service: 'auth',
      url: 'http://127.0.0.1:8080',
      status: 'UP',
      components: { database: 'UP', messaging: 'UP' },
      oldestUnpublishedSeconds: 0,
    },
    {
      service: 'tickets',
      url: 'http://127.0.0.1:8082',
      status: 'DEGRADED',
      components: { database: 'UP', redis: 'DOWN' },
      oldestUnpublishedSeconds: 75.3,
    },
    {
      service: 'payments',
      url: 'http://127.0.0.1:8083',
      status: 'UP',
      components: { database: 'UP' },
      oldestUnpublishedSeconds: 0,
      sagas: { RESOLVING: 1, AWAITING_TICKETS: 12 },
    },
    {
      service: 'notifications',
      url: 'http://127.0.0.1:8084',
      status: 'UNREACHABLE',
      components: {},
      oldestUnpublishedSeconds: null,
      failure: 'connection refused',
    },
  ],
  queues: [
    { queue: 'ticket-processing-queue', depth: { visible: 12, inFlight: 10 } },
    {
      queue: 'ticket-processing-dlq',
      deadLettersOf: 'ticket-processing-queue',
      depth: { visible: 2, inFlight: 0 },
    },
    { queue: 'analytics-queue', depth: null },
  ],
}

test('renders the report as one page', () => {
  expect(renderReport(report, { colours: false })).toBe(
    `Some things need attention  2026-11-21T12:00:00.000Z

SERVICE         STATUS        OLDEST UNPUBLISHED   COMPONENTS
auth            UP                         0.0 s   database, messaging
tickets         DEGRADED                    75 s   database, redis DOWN
payments        UP                         0.0 s   database
notifications   UNREACHABLE                    –   connection refused

QUEUE                     VISIBLE   IN FLIGHT
ticket-processing-queue        12          10
  ticket-processing-dlq         2           0
analytics-queue                 –           –

Purchases in progress: 1 RESOLVING, 12 AWAITING_TICKETS

Look at
  • tickets is DEGRADED: redis is DOWN
  • tickets has not published a message for 75 s
  • notifications is unavailable at http://127.0.0.1:8084: connection refused
  • 2 dead letters in ticket-processing-dlq
  • there is no queue analytics-queue
`,
  )
})

test('colours change nothing else', () => {
  const coloured = renderReport(report, { colours: true })
  expect(coloured).not.toBe(stripVTControlCharacters(coloured))
  expect(stripVTControlCharacters(coloured)).toBe(renderReport(report, { colours: false }))
})

test('renders the same as JSON', () => {
  const json = JSON.parse(JSON.stringify(documentOf(report)))
  expect(json).toMatchObject({
    healthy: false,
    findings: { length: 5 },
    checkedAt: '2026-11-21T12:00:00.000Z',
    services: report.services,
    queues: report.queues,
  })
})
