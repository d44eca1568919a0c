import { randomUUID } from 'node:crypto'
import { opsAlert, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { type Aws, sendToDeadLetters } from '@boxoffice/messaging'
import { createProbe, type Probe } from '@boxoffice/messaging/testing'
import { until } from '@boxoffice/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { expectStatus, type Person } from '../src/person.ts'
import { awsOf } from './aws.ts'
import { commandLineOf } from './operator-tools.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
let operator: Person
let buyer: Person
let aws: Aws
let boxoffice: ReturnType<typeof commandLineOf>
let alerts: Probe
let orderId: string
let handledBefore: { done: number; failed: number }

/** Returns how often a service handled messages of a type; earlier tests share this system. */
async function handled(service: 'tickets' | 'notifications', eventType: string) {
  const { handlers } = expectStatus(await operator.ops[service].getHandlers({}), 200)
  return handlers.find((handler) => handler.eventType === eventType) ?? { done: 0, failed: 0, duplicate: 0 }
}
const handledPayments = () => handled('tickets', 'PAYMENT_COMPLETED')

beforeAll(async () => {
  running = await useTestSystem()
  aws = awsOf(running.system)
  boxoffice = commandLineOf(running)
  alerts = await createProbe(aws, ['ops-alerts'])
  operator = await running.operator()
  handledBefore = await handledPayments()
  buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const sale = await publishEvent(organizer, { name: 'Looked after', quantity: 10, unitPrice: 5_000 })
  const order = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
  await buyer.waitForOrder(order.orderId, ({ status }) => status === 'CONFIRMED')
  await running.mails.waitFor(buyer.email, /Looked after/)
  orderId = order.orderId
})
afterAll(async () => {
  await alerts?.close()
  aws?.close()
  running?.expectDocumented()
})

test('the operators’ routes of every service show its work', async () => {
  for (const service of serviceKeys) {
    const ops = operator.ops[service]
    const { handlers } = expectStatus(await ops.getHandlers({}), 200)
    const { queues } = expectStatus(await ops.getQueues({}), 200)
    expect(queues.every(({ deadLetters }) => deadLetters === 0)).toBe(true)
    expect(new Set(handlers.map(({ queue }) => queue))).toEqual(new Set(queues.map(({ queue }) => queue)))
    await until(async () =>
      expect(expectStatus(await ops.getOutbox({}), 200)).toMatchObject({ unpublished: 0, failing: [] }),
    )
    expectStatus(await ops.getCaches({}), 200)
  }
  const { done, failed } = handledBefore
  expect(await handledPayments()).toMatchObject({ done: done + 1, failed })
})

test('the cache of events serves, reports its hit rate, and is cleared', async () => {
  const hits = async () => {
    const { caches } = expectStatus(await operator.ops.events.getCaches({}), 200)
    return caches.find(({ name }) => name === 'events')?.hits ?? 0
  }
  const before = await hits()
  const { events } = expectStatus(await buyer.events.listEvents({ query: {} }), 200)
  for (let times = 0; times < 5; times++)
    await buyer.events.getEvent({ params: { eventId: events[0]?.eventId as never } })
  expect(await hits()).toBeGreaterThanOrEqual(before + 4)
  expectStatus(await operator.ops.events.clearCache({ params: { name: 'events' } }), 204)
})

test('a purchase is traced through every service from its order', async () => {
  const trace = async (service: ServiceKey, ids: readonly string[]) =>
    expectStatus(await operator.ops[service].trace({ body: { ids: [...ids] } }), 200)
  const { related } = await trace('tickets', [orderId])
  const [ticketId = ''] = related.ticketIds
  expect((await trace('tickets', [ticketId])).related.orderIds).toEqual([orderId])

  const ofOrder = await Promise.all(serviceKeys.map((service) => trace(service, [orderId])))
  const messageIds = [...new Set(ofOrder.flatMap(({ related }) => related.messageIds))]
  const found = await Promise.all(serviceKeys.map((service) => trace(service, [orderId, ...messageIds])))
  const entries = found.flatMap((one, index) =>
    one.entries.map(
      ({ kind, what, queue }) => `${serviceKeys[index]} ${kind} ${queue ? `${queue} ` : ''}${what}`,
    ),
  )
  for (const entry of [
    'payments SAGA RESERVE STARTED',
    'payments SAGA CHARGE CHARGED',
    'payments PUBLISHED PAYMENT_COMPLETED to payment-events',
    'tickets HANDLED ticket-processing-queue PAYMENT_COMPLETED',
    'tickets TICKET ticket ISSUED',
    'tickets PUBLISHED TICKETS_GENERATED to ticket-events',
    'payments HANDLED payment-processing-queue TICKETS_GENERATED',
    'notifications HANDLED notification-queue TICKETS_GENERATED',
    'notifications DELIVERY mail ORDER_CONFIRMATION SENT',
    'analytics HANDLED analytics-queue TICKETS_GENERATED',
  ])
    expect(entries).toContain(entry)
  expect(JSON.stringify(found)).not.toMatch(/@|Łącka|Okoń/)
})

describe('a dead letter', () => {
  test('raises an alert with its queue, count and reason, and without personal data', async () => {
    const queue = 'payment-processing-queue'
    await sendToDeadLetters(
      aws,
      queue,
      { Body: JSON.stringify({ eventType: 'TICKETS_GENERATED', payload: { secret: 'x-1' } }) },
      'does not match its schema',
    )
    const { payload } = await alerts.waitFor(
      opsAlert,
      ({ payload }) =>
        payload.source === 'payment-processing-dlq' ||
        JSON.stringify(payload).includes('payment-processing-dlq'),
    )
    expect(payload).toMatchObject({ severity: 'CRITICAL' })
    const text = JSON.stringify(payload)
    expect(text).toContain('TICKETS_GENERATED')
    expect(text).toContain('does not match its schema')
    expect(text).not.toContain('x-1')
    expect(await boxoffice('dlq', 'purge', queue, '--yes')).toMatchObject({ code: 0 })
  })

  test('is listed, inspected, redriven and handled, and handled once even if redriven again', async () => {
    const messageId = randomUUID()
    const body = await copyOfTicketsGenerated(messageId)
    const bury = () =>
      sendToDeadLetters(
        aws,
        'notification-queue',
        {
          Body: body,
          MessageAttributes: { eventType: { DataType: 'String', StringValue: 'TICKETS_GENERATED' } },
        },
        'the mail server refused',
      )
    const requeue = () =>
      boxoffice('dlq', 'requeue', 'notification-queue', '--type', 'TICKETS_GENERATED', '--yes')
    const { done, duplicate } = await handled('notifications', 'TICKETS_GENERATED')
    await bury()
    expect(await boxoffice('dlq', 'list')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/notification-dlq +1/),
    })
    const seen = await boxoffice('dlq', 'peek', 'notification-dlq')
    expect(seen.stdout).toContain(messageId)
    expect(seen.stdout).toContain('the mail server refused')
    expect(await boxoffice('status')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('dead letter'),
    })

    expect(await requeue()).toMatchObject({ code: 0 })
    await until(async () =>
      expect(await handled('notifications', 'TICKETS_GENERATED')).toMatchObject({
        done: done + 1,
        duplicate,
      }),
    )
    await bury()
    expect(await requeue()).toMatchObject({ code: 0 })
    await until(async () =>
      expect(await handled('notifications', 'TICKETS_GENERATED')).toMatchObject({
        done: done + 1,
        duplicate: duplicate + 1,
      }),
    )
    // However often its tickets are published, under any id, an order has one mail.
    const mails = (await running.mails.list(buyer.email)).filter(({ subject }) =>
      /Looked after/.test(subject),
    )
    expect(mails).toHaveLength(1)
    expect(await boxoffice('dlq', 'list')).toMatchObject({ code: 0 })
  })
})

test('the status of a healthy system is reported with exit code 0', async () => {
  await until(async () =>
    expect(await boxoffice('status')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('All is well'),
    }),
  )
})

/** Publishes the ticket service's message about the order again with an unused id. */
async function copyOfTicketsGenerated(messageId: string): Promise<string> {
  const tickets = new pg.Pool({ connectionString: running.system.databaseUrl('tickets'), max: 1 })
  const { rows } = await tickets.query<{ body: object }>(
    `select body from outbox where event_type = 'TICKETS_GENERATED' and body->'payload'->>'orderId' = $1
     union all select body from message_archive where event_type = 'TICKETS_GENERATED'
       and body->'payload'->>'orderId' = $1`,
    [orderId],
  )
  await tickets.end()
  return JSON.stringify({ ...rows[0]?.body, messageId })
}
