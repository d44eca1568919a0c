import { expect, test } from 'vitest'
import { findingsOf, type QueueState, type ServiceState } from './report.ts'

const up: ServiceState = {
  service: 'tickets',
  url: 'http://127.0.0.1:8082',
  status: 'UP',
  components: { database: 'UP', redis: 'UP' },
  oldestUnpublishedSeconds: 0,
}
const empty: QueueState = {
  queue: 'notification-dlq',
  deadLettersOf: 'notification-queue',
  depth: { visible: 0, inFlight: 0 },
}
const findings = (service: Partial<ServiceState>, queue: Partial<QueueState> = {}) =>
  findingsOf({
    checkedAt: new Date(0),
    services: [
      { ...up, ...service },
      { ...up, service: 'auth' },
    ],
    queues: [
      { queue: 'notification-queue', depth: { visible: 5_000, inFlight: 10 } },
      { ...empty, ...queue },
    ],
  })

test('all services up and no dead letters means nothing needs attention, however much is in progress', () => {
  expect(findings({})).toEqual([])
})

test.each<[string, Partial<ServiceState>, string]>([
  [
    'that is degraded',
    { status: 'DEGRADED', components: { database: 'UP', redis: 'DOWN' } },
    'tickets is DEGRADED: redis is DOWN',
  ],
  [
    'that is down',
    { status: 'DOWN', components: { database: 'DOWN', redis: 'UP' } },
    'tickets is DOWN: database is DOWN',
  ],
  [
    'that is unavailable',
    { status: 'UNREACHABLE', components: {}, oldestUnpublishedSeconds: null, failure: 'connection refused' },
    'tickets is unavailable at http://127.0.0.1:8082: connection refused',
  ],
  ['that publishes late', { oldestUnpublishedSeconds: 61.4 }, 'tickets has not published a message for 61 s'],
])('a service %s is named with the reason', (_, service, finding) => {
  expect(findings(service)).toEqual([finding])
})

test.each<[string, Partial<QueueState>, string]>([
  ['one dead letter', { depth: { visible: 1, inFlight: 0 } }, '1 dead letter in notification-dlq'],
  [
    'dead letters that are being inspected',
    { depth: { visible: 2, inFlight: 1 } },
    '3 dead letters in notification-dlq',
  ],
  ['a queue that is missing', { depth: null }, 'there is no queue notification-dlq'],
  [
    'unreachable queues',
    { depth: null, failure: 'SQS: no answer in time' },
    'the queues are unreachable: SQS: no answer in time',
  ],
])('%s is named', (_, queue, finding) => {
  expect(findings({}, queue)).toEqual([finding])
})

test('if no service answers it asks whether the system is running', () => {
  const away: ServiceState = { ...up, status: 'UNREACHABLE', components: {}, failure: 'connection refused' }
  expect(
    findingsOf({ checkedAt: new Date(0), services: [away, { ...away, service: 'auth' }], queues: [] }),
  ).toEqual([
    'no service answers (tickets at http://127.0.0.1:8082: connection refused): is the system running?',
  ])
})
