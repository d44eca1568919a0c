import { randomUUID } from 'node:crypto'
import {
  opsAlert,
  passwordResetRequested,
  ticketCheckedIn,
  ticketsRejected,
  ticketsStopped,
  traceLimits,
} from '@boxoffice/contracts'
import { withCorrelationId } from '@boxoffice/service-kit'
import { tablesReadWhole } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type OperatedService, startOperatedService } from '../test/operated-service.ts'
import { on } from './consumer.ts'
import { archivePublished } from './housekeeping.ts'
import type { TraceSource } from './ops-trace.ts'

const QUEUE = 'payment-processing-queue'
let it: OperatedService
const own = vi.fn<TraceSource>(async () => ({ entries: [], related: {} }))
beforeAll(async () => {
  it = await startOperatedService(() => ({ traceSources: [own] }))
})
afterEach(() => void vi.restoreAllMocks())
afterAll(() => it.close())

async function trace(...ids: string[]) {
  const answer = await it.operator.trace({ body: { ids } })
  if (answer.status !== 200) throw new Error(JSON.stringify(answer))
  return answer.body
}
const kindsOf = ({ entries }: Awaited<ReturnType<typeof trace>>) =>
  entries.map(({ kind, what }) => `${kind} ${what}`)
const publishAll = () =>
  it.foundation.pool.query(
    'update outbox set published_at = greatest(created_at, clock_timestamp()) where published_at is null',
  )

test('a message is found by its id, correlation and order, in the outbox and in the archive', async () => {
  const [orderId, correlationId] = [randomUUID(), randomUUID()]
  const messageId = await withCorrelationId(correlationId, () => it.reject(orderId))
  await it.reject() // another's
  const expected = (kinds: string[]) => ({
    related: {
      orderIds: [orderId],
      ticketIds: [],
      messageIds: [messageId],
      correlationIds: [correlationId],
    },
    entries: kinds.map((kind) => ({
      kind,
      at: expect.any(Date),
      what: 'TICKETS_REJECTED to ticket-events',
      ...{ messageId, correlationId, orderId },
    })),
    truncated: false,
  })
  for (const id of [messageId, correlationId, orderId, orderId.toUpperCase()])
    expect(await trace(id)).toEqual(expected(['WRITTEN']))
  await publishAll()
  await archivePublished(it.foundation.db)
  for (const id of [messageId, correlationId, orderId])
    expect(await trace(id)).toEqual(expected(['WRITTEN', 'PUBLISHED']))
  expect(await trace(messageId, correlationId, orderId)).toEqual(expected(['WRITTEN', 'PUBLISHED']))
  expect(await trace(randomUUID())).toMatchObject({ entries: [], truncated: false })
})

test('names the tickets and the order of a message, and nothing else of it', async () => {
  const ids = { orderId: randomUUID(), userId: randomUUID(), eventId: randomUUID() }
  const ticketIds = [randomUUID(), randomUUID()]
  const write = (definition: Parameters<OperatedService['append']>[1], payload: object) =>
    it.foundation.db.transact((tx) => it.append(tx, definition, payload as never, { aggregateVersion: 1 }))
  const stopped = await write(ticketsStopped, {
    ...{ ...ids, ticketIds, reason: 'ORGANIZER', stoppedAt: new Date() },
  })
  expect((await trace(stopped)).related).toMatchObject({ orderIds: [ids.orderId], ticketIds })

  const [ticketId = ''] = ticketIds
  const numbers = { ticketNumber: 'TKT-2026-000001', ticketTypeId: randomUUID() }
  await write(ticketCheckedIn, { ...ids, ...numbers, ticketId, checkedInAt: new Date() })
  const checkedIn = await trace(ticketId)
  expect(kindsOf(checkedIn)).toEqual(['WRITTEN TICKET_CHECKED_IN to ticket-events'])
  expect(checkedIn.entries).toMatchObject([{ ticketId, orderId: ids.orderId }])

  const alert = await write(opsAlert, {
    ...{ severity: 'WARNING', source: 'payments', title: 'look', detail: { orderId: ids.orderId } },
  })
  expect((await trace(alert)).related.orderIds).toEqual([ids.orderId])

  const reset = await write(passwordResetRequested, {
    ...{ userId: ids.userId, email: 'ala@example.test', firstName: 'Ala', lastName: 'Kot', locale: 'en' },
    ...{ sealedToken: 'sealed', tokenExpiresAt: new Date() },
  })
  expect(JSON.stringify(await trace(reset))).not.toMatch(/ala|kot|sealed/i)
})

test('shows that a message was handled, failed to be published, and was published again', async () => {
  const orderId = randomUUID()
  const consumer = it.messaging.consume(QUEUE, [on(ticketsRejected, async () => {})])
  const messageId = await it.reject(orderId)
  await it.foundation.pool.query('update outbox set attempts = 3 where message_id = $1', [messageId])
  expect((await trace(orderId)).entries).toMatchObject([{ detail: 'unpublished after 3 attempts' }])

  it.messaging.relay.start()
  consumer.start()
  const first = [
    'WRITTEN TICKETS_REJECTED to ticket-events',
    'PUBLISHED TICKETS_REJECTED to ticket-events',
    'HANDLED TICKETS_REJECTED',
  ]
  try {
    await until(async () => {
      it.messaging.relay.nudge()
      const found = await trace(orderId)
      expect(kindsOf(found).toSorted()).toEqual(first.toSorted())
      expect(found.entries.find(({ kind }) => kind === 'HANDLED')).toMatchObject({ messageId, queue: QUEUE })
      expect(found.related.messageIds).toEqual([messageId])
    })
  } finally {
    await consumer.stop()
    await it.messaging.relay.stop()
  }
  await archivePublished(it.foundation.db)
  await it.operator.republishOutbox({
    body: { since: new Date(Date.now() - 60_000), messageId, dryRun: false },
  })
  expect(kindsOf(await trace(messageId)).toSorted()).toEqual(
    [...first, 'WRITTEN TICKETS_REJECTED to ticket-events again'].toSorted(),
  )
})

test('adds what the service itself recorded, in the order of time', async () => {
  const orderId = randomUUID()
  const ticketId = randomUUID()
  await it.reject(orderId)
  own.mockResolvedValueOnce({
    entries: [
      { at: new Date(Date.now() + 60_000), kind: 'SAGA', what: 'CHARGE STARTED' },
      { at: new Date(Date.now() - 60_000), kind: 'SAGA', what: 'RESERVE STARTED' },
    ],
    // Correlation ids of clients may be any text: only UUIDs can be traced further.
    related: { orderIds: [orderId, null], ticketIds: [ticketId], correlationIds: ['checkout-7'] },
  })
  const found = await trace(orderId.toUpperCase())
  expect(own).toHaveBeenLastCalledWith([orderId], traceLimits.entriesMax + 1)
  expect(kindsOf(found)).toEqual([
    'SAGA RESERVE STARTED',
    'WRITTEN TICKETS_REJECTED to ticket-events',
    'SAGA CHARGE STARTED',
  ])
  expect(found.related).toMatchObject({ orderIds: [orderId], ticketIds: [ticketId] })
  expect(found.related.correlationIds).not.toContain('checkout-7')
})

test('is cut off after 500 entries and 200 ids of a kind, and says so', async () => {
  const correlationId = randomUUID()
  const { pool } = it.foundation
  await pool.query(
    `insert into message_archive (message_id, topic, event_type, body, attributes, created_at, published_at)
     select gen_random_uuid(), 'ticket-events', 'TICKETS_REJECTED',
       jsonb_build_object('correlationId', $1::text,
         'payload', jsonb_build_object('orderId', gen_random_uuid())), '{}', at, at
     from (select clock_timestamp() - n * interval '1 ms' as at from generate_series(1, 600) n) times`,
    [correlationId],
  )
  const found = await trace(correlationId)
  expect(found.truncated).toBe(true)
  expect(found.entries).toHaveLength(500)
  expect(found.related.orderIds).toHaveLength(200)
  const times = found.entries.map(({ at }) => at.getTime())
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('reads no large table as a whole', async () => {
  const { db, pool } = it.foundation
  const asked = vi.spyOn(db, 'query')
  await trace(randomUUID())
  const statements = asked.mock.calls.map(([text]) => text)
  expect(statements).toHaveLength(2)
  // The outbox is small: published messages leave it.
  expect((await Promise.all(statements.map((text) => tablesReadWhole(pool, text)))).flat()).toEqual([
    'outbox',
  ])
})

test('refuses everyone but operators', async () => {
  await expect(it.stranger.trace({ body: { ids: [randomUUID()] } })).rejects.toMatchObject({ status: 403 })
})
