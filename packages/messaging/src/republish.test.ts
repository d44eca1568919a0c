import { randomUUID } from 'node:crypto'
import { PurgeQueueCommand } from '@aws-sdk/client-sqs'
import {
  createOrderCommand,
  eventUpdated,
  passwordResetRequested,
  type QueueName,
  ticketsRejected,
} from '@boxoffice/contracts'
import type { Worker } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OperatedService, startOperatedService } from '../test/operated-service.ts'
import { on } from './consumer.ts'
import { archivePublished } from './housekeeping.ts'
import { createRepublish, republishLimits } from './republish.ts'

const QUEUE = 'payment-processing-queue'
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

let it: OperatedService
let handled: string[]
let consumer: Worker
beforeAll(async () => {
  it = await startOperatedService()
  consumer = it.messaging.consume(QUEUE, [
    on(ticketsRejected, async (_tx, { messageId }) => void handled.push(messageId)),
  ])
})
beforeEach(async () => {
  handled = []
  await it.foundation.pool.query('truncate outbox, message_archive')
})
afterEach(async () => {
  await consumer.stop()
  await it.messaging.relay.stop()
})
afterAll(() => it.close())

const aMinuteAgo = () => new Date(Date.now() - MINUTE_MS)
type Body = Parameters<OperatedService['operator']['republishOutbox']>[0]['body']
async function republish(body: Partial<Body> = {}) {
  const answer = await it.operator.republishOutbox({ body: { since: aMinuteAgo(), dryRun: false, ...body } })
  if (answer.status !== 200) throw new Error(JSON.stringify(answer))
  return answer.body
}
const refusalOf = async (body: Partial<Body>) => {
  const answer = await it.operator.republishOutbox({ body: { since: aMinuteAgo(), dryRun: false, ...body } })
  return answer.status === 400 ? answer.body.details?.[0] : undefined
}
const rows = async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
  (await it.foundation.pool.query(sql, values)).rows
const unpublished = async () =>
  (
    await rows<{ messageId: string }>(
      'select message_id as "messageId" from outbox where published_at is null order by position',
    )
  ).map(({ messageId }) => messageId)
const untilPublished = () => {
  it.messaging.relay.nudge()
  return until(async () => expect(await unpublished()).toEqual([]))
}
async function untilArchived(): Promise<void> {
  await untilPublished()
  await archivePublished(it.foundation.db)
}
async function purge(queue: QueueName): Promise<void> {
  await it.aws.sqs.send(new PurgeQueueCommand({ QueueUrl: await it.aws.queueUrl(queue) }))
  await until(async () => expect(await it.messaging.queueDepth(queue)).toMatchObject({ visible: 0 }))
}
const rejectAll = async (count: number) => {
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push(await it.reject())
  return ids
}
/** Inserts messages that were published, one millisecond after another, into the archive. */
const archiveMany = (count: number, secondsAgo: number) =>
  rows(
    `insert into message_archive (message_id, topic, event_type, body, attributes, created_at, published_at)
     select gen_random_uuid(), 'ticket-events', 'TICKETS_REJECTED', '{}', '{}', at, at
     from (select clock_timestamp() - ($2::int - n / 1000.0) * interval '1 second' as at
       from generate_series(1, $1::int) n) times`,
    count,
    secondsAgo,
  )

describe('after a queue was purged', () => {
  test('its consumer handles exactly the lost messages, from the outbox and the archive', async () => {
    it.messaging.relay.start()
    consumer.start()
    const known = await rejectAll(3)
    await untilPublished()
    await until(() => expect(handled.toSorted()).toEqual(known.toSorted()))
    await consumer.stop()
    const lost = await rejectAll(2)
    await untilArchived()
    lost.push(...(await rejectAll(2)))
    await untilPublished()
    await until(async () => expect(await it.messaging.queueDepth(QUEUE)).toMatchObject({ visible: 4 }))
    await purge(QUEUE)

    expect(await republish()).toEqual({
      matched: 7,
      republished: 7,
      byType: [{ topic: 'ticket-events', eventType: 'TICKETS_REJECTED', count: 7 }],
    })
    handled = []
    const before = duplicates()
    consumer.start()
    await until(() => expect(duplicates()).toBe(before + 3))
    await until(() => expect(handled.toSorted()).toEqual(lost.toSorted()))

    await untilArchived()
    expect(await rows('select from message_archive')).toHaveLength(7)
    await republish()
    await until(() => expect(duplicates()).toBe(before + 10))
    expect(handled).toHaveLength(4)
  })

  test('ordered messages are delivered again at once and in order, from outbox and archive', async () => {
    const queue = 'event-updates.fifo'
    const versions: number[] = []
    const updates = it.messaging.consume(queue, [
      on(eventUpdated, async (_tx, { aggregateVersion }) => void versions.push(aggregateVersion)),
    ])
    it.messaging.relay.start()
    const eventId = randomUUID()
    const write = (aggregateVersion: number) =>
      it.foundation.db.transact((tx) =>
        it.append(tx, eventUpdated, anUpdate(eventId) as never, { aggregateVersion }),
      )
    for (const version of [1, 2, 3, 4, 5, 6]) {
      await write(version)
      await (version > 4 ? untilPublished() : untilArchived())
    }
    await purge(queue)
    expect(await republish({ topic: 'event-updates.fifo' })).toMatchObject({ matched: 6, republished: 6 })
    updates.start()
    try {
      await until(() => expect(versions).toEqual([1, 2, 3, 4, 5, 6]))
    } finally {
      await updates.stop()
    }
    const kept = await rows<{ topic: string }>(
      "select topic from message_archive where event_type = 'EVENT_UPDATED'",
    )
    expect(kept.filter(({ topic }) => topic === 'event-updates.fifo')).toHaveLength(6)
  })
})

const duplicates = () =>
  it.messaging.handlers.list().find(({ eventType }) => eventType === 'TICKETS_REJECTED')?.duplicate ?? 0

const anUpdate = (eventId: string) => ({
  ...{ eventId, organizerId: randomUUID(), venueId: randomUUID() },
  ...{ name: 'Gala', eventDate: new Date(), timeZone: 'Europe/Warsaw', status: 'PUBLISHED' },
  ...{ venueName: 'Hall', venueAddress: 'Street 1', changed: ['name'] },
})

describe('publishing again', () => {
  test('keeps id, body, attributes, group and order of a message, and the first archived times', async () => {
    const write = (version: number) =>
      it.foundation.db.transact((tx) =>
        it.append(tx, eventUpdated, anUpdate(eventId) as never, { aggregateVersion: version }),
      )
    const eventId = randomUUID()
    await write(1)
    await write(2)
    const columns = 'message_id, topic, event_type, body, attributes, group_key'
    const first = await rows(`select ${columns} from outbox order by position`)
    await rows("update outbox set published_at = clock_timestamp() - (10 - position % 10) * interval '1 s'")
    await archivePublished(it.foundation.db)
    const archived = 'select message_id, topic, created_at, published_at from message_archive order by 1, 2'
    const times = await rows(archived)
    const topics = { 'event-events': 2, 'event-updates.fifo': 2 }
    const { byType } = await republish()
    expect(Object.fromEntries(byType.map(({ topic, count }) => [topic, count]))).toEqual(topics)
    const second = await rows<{ attributes: Record<string, string> }>(
      `select ${columns} from outbox order by position`,
    )
    expect(
      second.map(({ attributes: { republishedAt: _, ...attributes }, ...row }) => ({ ...row, attributes })),
    ).toEqual(first)
    expect(await rows(archived)).toEqual(times)
    expect(
      await rows("select from outbox where created_at < clock_timestamp() - interval '5 s' or attempts > 0"),
    ).toEqual([])
  })

  test('takes what was published in the window, of the given topic, type and id, and counts it', async () => {
    const [early, inside, late, other] = (await rejectAll(4)) as [string, string, string, string]
    for (const [messageId, secondsAgo] of Object.entries({ [early]: 50, [inside]: 30, [late]: 10 }))
      await rows(
        "update outbox set published_at = clock_timestamp() - $2::int * interval '1 s' where message_id = $1",
        messageId,
        secondsAgo,
      )
    const window = { since: new Date(Date.now() - 40_000), until: new Date(Date.now() - 20_000) }
    const one = { topic: 'ticket-events', eventType: 'TICKETS_REJECTED', count: 1 }
    const byType = [one]
    expect(await republish({ ...window, dryRun: true })).toEqual({ matched: 1, republished: 0, byType })
    expect(await unpublished()).toEqual([other])
    for (const none of [
      { topic: 'payment-events' as const },
      { eventType: 'TICKETS_GENERATED' },
      { messageId: late as never },
    ])
      expect(await republish({ ...window, ...none })).toEqual({ matched: 0, republished: 0, byType: [] })
    expect(
      await republish({
        ...window,
        ...{ topic: one.topic, eventType: one.eventType },
        messageId: inside,
      } as never),
    ).toEqual({ matched: 1, republished: 1, byType })
    expect((await unpublished()).toSorted()).toEqual([inside, other].toSorted())
  })

  test('is done in batches, in the order in which the messages were published', async () => {
    await archiveMany(1_300, 40)
    const order = await rows<{ id: string }>(
      'select message_id as id from message_archive order by published_at',
    )
    expect(await republish()).toMatchObject({ matched: 1_300, republished: 1_300 })
    expect(await unpublished()).toEqual(order.map(({ id }) => id))
    // They wait, so a repetition finds none that was published.
    expect(await republish()).toMatchObject({ matched: 0 })
  })

  test('stops where publishing does not keep up, continues when repeated, and logs who did it', async () => {
    await archiveMany(25, 40)
    const logged: object[] = []
    const limits = { ...republishLimits, batchMax: 10, unpublishedMax: 10, waitMaxMs: 0 }
    const handler = createRepublish({ db: it.foundation.db, relay: { nudge() {} }, ...limits })
    const attempt = () =>
      handler({
        body: { since: aMinuteAgo(), dryRun: false },
        principal: { service: 'boxoffice-cli' },
        log: { warn: (fields: object) => void logged.push(fields) },
      } as never)
    expect(await attempt()).toMatchObject({
      status: 503,
      body: { message: expect.stringContaining('10 of 25 messages') },
    })
    expect(logged).toMatchObject([{ by: 'boxoffice-cli', matched: 25, republished: 10 }])
    it.messaging.relay.start()
    await until(async () => {
      await attempt()
      it.messaging.relay.nudge()
      expect(await rows('select from outbox where published_at is not null')).toHaveLength(25)
    })
  })

  test('leaves out secret messages that are gone, commands, and topics without a consumer', async () => {
    await it.foundation.db.transact(async (tx) => {
      await it.append(tx, passwordResetRequested, aReset() as never, { aggregateVersion: 1 })
      await it.messaging.append(tx, createOrderCommand, anOrder() as never, { aggregateVersion: 1 })
    })
    await it.reject()
    await rows("update outbox set published_at = clock_timestamp() - interval '5 s'")
    await rows("update outbox set topic = 'ops-alerts' where event_type = 'TICKETS_REJECTED'")
    expect(await republish({ dryRun: true })).toMatchObject({
      byType: [{ topic: 'user-events', eventType: 'PASSWORD_RESET_REQUESTED', count: 1 }],
    })
    await archivePublished(it.foundation.db)
    expect(await republish()).toMatchObject({ matched: 0 })
    expect(await republish({ topic: 'ops-alerts' })).toMatchObject({ matched: 1, republished: 1 })
  })
})

const aReset = () => ({
  ...{ userId: randomUUID(), email: 'ala@example.test', firstName: 'Ala', lastName: 'Kot' },
  ...{ locale: 'en', sealedToken: 'x', tokenExpiresAt: new Date() },
})
const anOrder = () => ({ orderId: randomUUID(), userId: randomUUID() })

describe('is refused', () => {
  test('for a window that reaches further back than consumers remember, with the earliest time', async () => {
    // Sixty days of inboxes, less four in a queue and fourteen in its dead-letter queue.
    const earliestMs = Date.now() - 42 * DAY_MS
    const refusal = await refusalOf({ since: new Date(earliestMs - MINUTE_MS) })
    expect(refusal).toMatchObject({ path: 'body.since', message: expect.stringContaining('or later') })
    const [named = ''] = /\d{4}-\S+Z/.exec(refusal?.message ?? '') ?? []
    expect(Math.abs(Date.parse(named) - earliestMs)).toBeLessThan(10_000)
    expect(await republish({ since: new Date(earliestMs + MINUTE_MS) })).toMatchObject({ matched: 0 })
  })

  test('for commands, for what is no topic, for a window that is reversed, and for too many', async () => {
    for (const topic of ['order-commands.fifo', 'ticket-event'])
      expect(await refusalOf({ topic })).toMatchObject({ path: 'body.topic' })
    expect(await refusalOf({ until: new Date(Date.now() - 2 * MINUTE_MS) })).toMatchObject({
      path: 'body.until',
    })
    await archiveMany(3, 40)
    const few = createRepublish({
      ...{ db: it.foundation.db, relay: it.messaging.relay },
      ...republishLimits,
      messagesMax: 2,
    })
    expect(await few({ body: { since: aMinuteAgo(), dryRun: true } } as never)).toMatchObject({
      status: 400,
      body: { details: [{ path: 'body.since', message: expect.stringContaining('more than 2 messages') }] },
    })
  })
})
