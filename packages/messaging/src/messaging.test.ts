import { randomUUID } from 'node:crypto'
import { PublishBatchCommand } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import {
  type EventId,
  eventPublished,
  MESSAGE_BYTES_MAX,
  type Message,
  type MessageDefinition,
  mailProgressed,
  type OrderId,
  queues,
  ticketsRejected,
  topics,
  topicsOf,
  type UserId,
  userCreated,
} from '@boxoffice/contracts'
import {
  createDatabase,
  type createFoundation,
  createMetrics,
  createPool,
  PermanentFailure,
  type Tx,
  type Worker,
  withCorrelationId,
} from '@boxoffice/service-kit'
import { createTestDatabase } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { startPaymentService } from '../test/payment-service.ts'
import { type Aws, createAws } from './aws.ts'
import { on } from './consumer.ts'
import { readLetters, requeueLetters } from './dead-letter-queue.ts'
import { archivePublished, oldestUnpublishedSeconds } from './housekeeping.ts'
import { createMessaging, type Messaging } from './messaging.ts'
import { type Append, createBatchOutbox, createOutbox } from './outbox.ts'
import { provision } from './provision.ts'
import type { Translate } from './read-message.ts'
import { createRelay } from './relay.ts'
import { createProbe, type Probe, publishRaw } from './testing.ts'

const QUEUE = 'payment-processing-queue'
let aws: Aws
let probe: Probe
let messaging: Messaging
/** Of a service that may publish everything. */
let append: Append
/** The same, which leaves publishing to another relay. */
let appendOnly: Append
let foundation: ReturnType<typeof createFoundation>
let handled: Message<typeof ticketsRejected>[]
let handle: (tx: Tx, message: Message<typeof ticketsRejected>) => Promise<void>
let consumer: Worker

beforeAll(async () => {
  ;({ foundation, aws, messaging } = await startPaymentService())
  await provision(aws) // a second time, which changes nothing
  probe = await createProbe(aws, ['ticket-events', 'user-events'])
  append = createOutbox({ ...foundation, relay: messaging.relay, topics })
  appendOnly = createOutbox({ ...foundation, topics })
  consumer = messaging.consume(QUEUE, [on(ticketsRejected, (tx, message) => handle(tx, message))])
  messaging.relay.start()
  consumer.start()
})
beforeEach(() => {
  handled = []
  handle = async (_tx, message) => void handled.push(message)
})
afterAll(async () => {
  await consumer.stop()
  await messaging.relay.stop()
  await probe.close()
  messaging.close()
  aws.close()
  await foundation.pool.end()
})

const rejection = () => ({
  orderId: randomUUID() as OrderId,
  userId: randomUUID() as UserId,
  eventId: randomUUID() as EventId,
  reservationId: randomUUID() as never,
  reason: 'SEATS_GONE',
})
const say = (payload = rejection()) =>
  foundation.db
    .transact((tx) => append(tx, ticketsRejected, payload, { aggregateVersion: 3 }))
    .then(() => payload)
/** How many of them were duplicates, by the consumer's figures. */
const duplicates = () =>
  messaging.handlers.list().find(({ eventType }) => eventType === 'TICKETS_REJECTED')?.duplicate ?? 0
const handledOf = (orderId: OrderId) => handled.filter(({ payload }) => payload.orderId === orderId)

async function deadLetter(matches: (body: string) => boolean) {
  const QueueUrl = await aws.queueUrl(queues[QUEUE].deadLetterQueue)
  return until(async () => {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 0,
      }),
    )
    const found = Messages.find(({ Body = '' }) => matches(Body))
    if (!found) throw new Error('not there yet')
    return found
  })
}

describe('a message', () => {
  test('travels from the outbox to its consumer, with its ids, version and correlation id', async () => {
    const payload = rejection()
    await withCorrelationId('corr-1', () => say(payload))
    await until(() => expect(handledOf(payload.orderId)).toHaveLength(1))
    expect(handledOf(payload.orderId)[0]).toMatchObject({
      correlationId: 'corr-1',
      aggregateVersion: 3,
      version: '1.0',
      payload,
    })
  })
  test('of a transaction that rolled back does not exist', async () => {
    const payload = rejection()
    const work = foundation.db.transact(async (tx) => {
      await append(tx, ticketsRejected, payload, { aggregateVersion: 1 })
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    const after = await say()
    await probe.waitFor(ticketsRejected, (message) => message.payload.orderId === after.orderId)
    expect(
      probe.received(ticketsRejected).some((message) => message.payload.orderId === payload.orderId),
    ).toBe(false)
  })
  test('that arrives twice takes effect once', async () => {
    const payload = await say()
    const message = await probe.waitFor(
      ticketsRejected,
      (message) => message.payload.orderId === payload.orderId,
    )
    const again = new SendMessageCommand({
      QueueUrl: await aws.queueUrl(QUEUE),
      MessageBody: JSON.stringify(z.encode(ticketsRejected.schema, message)),
    })
    const before = duplicates()
    await aws.sqs.send(again)
    await aws.sqs.send(again)
    await until(() => expect(duplicates()).toBe(before + 2))
    const last = await say()
    await until(() => expect(handledOf(last.orderId)).toHaveLength(1))
    expect(handledOf(payload.orderId)).toHaveLength(1)
    const { rows } = await foundation.pool.query('select from inbox where message_id = $1', [
      message.messageId,
    ])
    expect(rows).toHaveLength(1)
  })
  test('whose effect fails leaves no inbox row, and is handled when it is redelivered', async () => {
    let attempts = 0
    handle = async (tx, message) => {
      await tx.query(`insert into cancelled_events (event_id) values ($1)`, [message.payload.eventId])
      if (++attempts === 1) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
      handled.push(message)
    }
    const payload = await say()
    await until(() => expect(handledOf(payload.orderId)).toHaveLength(1))
    expect(attempts).toBe(2)
  })
  test.each([
    ['is not JSON', 'nonsense', 'not JSON'],
    [
      'has no subscriber here',
      JSON.stringify({ eventType: 'NO_SUCH_TYPE' }),
      'no subscriber for NO_SUCH_TYPE',
    ],
    [
      'does not match its schema',
      JSON.stringify({ eventType: 'TICKETS_REJECTED', payload: {} }),
      'does not match its schema',
    ],
  ])('that %s goes to the dead-letter queue at once, with the reason', async (_, body, reason) => {
    const marked = body.endsWith('}')
      ? `${body.slice(0, -1)},"mark":"${randomUUID()}"}`
      : `${body} ${randomUUID()}`
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: await aws.queueUrl(QUEUE), MessageBody: marked }))
    const { MessageAttributes } = await deadLetter((text) => text === marked)
    expect(MessageAttributes?.deadLetterReason?.StringValue).toContain(reason)
    expect(MessageAttributes?.deadLetterSource?.StringValue).toBe(QUEUE)
  })
})

test('a message that can never be handled is dead-lettered at once and leaves no inbox row', async () => {
  let attempts = 0
  const broken = rejection()
  handle = async (tx, message) => {
    if (message.payload.orderId !== broken.orderId) return
    attempts++
    await tx.query('insert into cancelled_events (event_id) values ($1)', [message.payload.eventId])
    await tx.query('select $1::int', ['none']) // 22P02
  }
  await say(broken)
  const { MessageAttributes } = await deadLetter((text) => text.includes(broken.orderId))
  expect(MessageAttributes?.deadLetterReason?.StringValue).toContain(
    'can never be handled: invalid input syntax for type integer',
  )
  expect(attempts).toBe(1)
  const { rows } = await foundation.pool.query('select from cancelled_events where event_id = $1', [
    broken.eventId,
  ])
  expect(rows).toEqual([])
})

describe('the outbox', () => {
  test('moves to the archive, except for messages with tokens', async () => {
    const payload = await say()
    const userId = randomUUID() as UserId
    const recipient = { userId, email: 'a@example.test', firstName: 'A', lastName: 'B', locale: 'en' }
    const token = { sealedToken: 'sealed', tokenExpiresAt: new Date(), createdAt: new Date() }
    await foundation.db.transact((tx) =>
      append(tx, userCreated, { ...recipient, ...token }, { aggregateVersion: 1 }),
    )
    await probe.waitFor(userCreated, (message) => message.payload.userId === userId)
    await until(async () => expect(await oldestUnpublishedSeconds(foundation.db)).toBe(0))
    await archivePublished(foundation.db)
    const archived = async (id: string) =>
      (await foundation.pool.query('select from message_archive where body::text like $1', [`%${id}%`]))
        .rowCount
    expect(await archived(payload.orderId)).toBe(1)
    expect(await archived(userId)).toBe(0)
    expect((await foundation.pool.query('select from outbox')).rowCount).toBe(0)
  })
  test('is drained by two relays at once without losing or repeating a message', async () => {
    const second = createRelay({ ...foundation, aws })
    second.start()
    const said = await Promise.all(Array.from({ length: 60 }, () => say()))
    second.nudge()
    await until(async () => expect(await oldestUnpublishedSeconds(foundation.db)).toBe(0))
    await second.stop()
    const last = await say()
    await probe.waitFor(ticketsRejected, ({ payload }) => payload.orderId === last.orderId)
    for (const { orderId } of said) {
      await probe.waitFor(ticketsRejected, ({ payload }) => payload.orderId === orderId)
      expect(
        probe.received(ticketsRejected).filter(({ payload }) => payload.orderId === orderId),
      ).toHaveLength(1)
    }
  })
  test('keeps a message while SNS is down, and publishes it when it is back', async () => {
    const away = createAws({ ...aws.config, snsEndpoint: 'http://127.0.0.1:1' })
    const database = await createTestDatabase(inject('postgresUrl'), 'services/payments/prisma/migrations')
    const pool = createPool({ ...foundation, databaseUrl: database, login: 'password', max: 2, name: 'away' })
    const db = createDatabase({ ...foundation, pool })
    const payload = rejection()
    await db.transact((tx) => appendOnly(tx, ticketsRejected, payload, { aggregateVersion: 1 }))
    const broken = createRelay({ ...foundation, db, aws: away })
    await broken.stop() // a stopping relay sweeps one last time
    const waiting = await pool.query<{ attempts: number }>(
      'select attempts from outbox where published_at is null',
    )
    expect(waiting.rows).toMatchObject([{ attempts: 1 }])
    const working = createRelay({ ...foundation, db, aws })
    working.start()
    await probe.waitFor(ticketsRejected, (message) => message.payload.orderId === payload.orderId)
    await working.stop()
    await pool.end()
    away.close()
  })
  test('a message whose relay died after publishing is published again under the same id', async () => {
    const payload = await say()
    const { messageId } = await probe.waitFor(
      ticketsRejected,
      (message) => message.payload.orderId === payload.orderId,
    )
    const before = duplicates()
    await until(async () => {
      // Received before its relay has marked it as published.
      const { rowCount } = await foundation.pool.query(
        `update outbox set published_at = null, leased_until = clock_timestamp() - interval '1 second'
         where message_id = $1 and published_at is not null`,
        [messageId],
      )
      expect(rowCount).toBe(1)
    })
    messaging.relay.nudge()
    await until(() => {
      expect(
        probe.received(ticketsRejected).filter((message) => message.messageId === messageId).length,
      ).toBeGreaterThan(1)
    })
    await until(() => expect(duplicates()).toBeGreaterThan(before))
    expect(handledOf(payload.orderId)).toHaveLength(1)
  })
})

test('a batch that is larger than SNS accepts is refused', async () => {
  const batch = (bytes: number) =>
    aws.sns.send(
      new PublishBatchCommand({
        TopicArn: aws.topicArn('ops-alerts'),
        PublishBatchRequestEntries: ['a', 'b'].map((Id) => ({ Id, Message: 'x'.repeat(bytes / 2) })),
      }),
    )
  expect((await batch(MESSAGE_BYTES_MAX)).Successful).toHaveLength(2)
  await expect(batch(MESSAGE_BYTES_MAX + 2)).rejects.toMatchObject({
    name: expect.stringMatching(/^BatchRequestTooLong/),
  })
})

test('every queue has its dead-letter queue, visibility timeout and receive limit', async () => {
  for (const [name, { deadLetterQueue, visibilitySeconds, maxReceives }] of Object.entries(queues)) {
    const { Attributes = {} } = await aws.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await aws.queueUrl(name), AttributeNames: ['All'] }),
    )
    expect(Attributes.VisibilityTimeout).toBe(String(visibilitySeconds))
    const redrive = { deadLetterTargetArn: aws.queueArn(deadLetterQueue), maxReceiveCount: maxReceives }
    expect(JSON.parse(Attributes.RedrivePolicy ?? '{}')).toEqual(redrive)
  }
})

describe('many messages of one kind', () => {
  const many = (definition: MessageDefinition, payloads: readonly unknown[]) =>
    foundation.db.transact(async (tx) => {
      const statements: string[] = []
      const counting: Tx = {
        ...tx,
        query: (sql, values) => {
          statements.push(sql)
          return tx.query(sql, values)
        },
      }
      const appendAll = createBatchOutbox({ ...foundation, topics })
      const messages = payloads.map((payload, index) => ({ payload, aggregateVersion: index + 1 }))
      const ids = await appendAll(counting, definition, messages as never)
      // Before its commit no relay sees it.
      const rows = await tx.query<{ id: string; topic: string; group: string | null; version: number }>(
        `select message_id as id, topic, group_key as "group", (body->>'aggregateVersion')::int as version
         from outbox where message_id = any($1::uuid[]) order by position`,
        [ids],
      )
      return { ids, statements, rows }
    })

  const published = (eventId: string) => ({
    ...{ eventId, organizerId: randomUUID(), venueId: randomUUID(), venueName: 'Klub', venueAddress: 'Łódź' },
    ...{ name: 'Jazz', eventDate: new Date(), timeZone: 'Europe/Warsaw', status: 'PUBLISHED' },
  })

  test('take one statement, and are in the outbox in their order, once per topic', async () => {
    const payloads = Array.from({ length: 50 }, () => published(randomUUID()))
    const { ids, statements, rows } = await many(eventPublished, payloads)
    expect(statements).toHaveLength(1)
    expect(rows).toEqual(
      payloads.flatMap(({ eventId }, index) => [
        { id: ids[index], topic: 'event-events', group: null, version: index + 1 },
        { id: ids[index], topic: 'event-updates.fifo', group: eventId, version: index + 1 },
      ]),
    )
  })
  test('take no statement if there are none', async () => {
    expect(await many(eventPublished, [])).toEqual({ ids: [], statements: [], rows: [] })
  })
  test('are written all or none: where one is too large, or their topic is another’s', async () => {
    const loose = { ...ticketsRejected, schema: ticketsRejected.schema.extend({ payload: z.any() }) }
    const tooLarge = many(loose as never, [rejection(), { ...rejection(), reason: 'x'.repeat(262_144) }])
    await expect(tooLarge).rejects.toThrow(
      /^TICKETS_REJECTED of \d+ bytes is larger than SNS and SQS accept$/,
    )
    await expect(tooLarge).rejects.toBeInstanceOf(PermanentFailure)
    const payloads = [rejection(), { ...rejection(), orderId: 'none' as OrderId }]
    const unlike = many(ticketsRejected, payloads)
    await expect(unlike).rejects.toThrow('TICKETS_REJECTED does not match its schema: payload.orderId')
    await expect(unlike).rejects.toBeInstanceOf(PermanentFailure)
    const foreign = foundation.db.transact((tx) => messaging.appendAll(tx, ticketsRejected, []))
    await expect(foreign).rejects.toThrow(
      'TICKETS_REJECTED goes to ticket-events, to which this service may not publish',
    )
    const { rows } = await foundation.pool.query('select from outbox where body::text like $1', [
      `%${payloads[0]?.orderId}%`,
    ])
    expect(rows).toEqual([])
  })
})

describe('what a service may publish', () => {
  test('follows the topology: a message for another’s topic is refused at the outbox', async () => {
    const ids = {
      orderId: randomUUID() as OrderId,
      userId: randomUUID() as UserId,
      eventId: randomUUID() as EventId,
    }
    const payload = { ...ids, reservationId: randomUUID() as never, reason: 'SEATS_GONE' }
    const work = foundation.db.transact((tx) =>
      messaging.append(tx, ticketsRejected, payload, { aggregateVersion: 1 }),
    )
    await expect(work).rejects.toThrow(
      'TICKETS_REJECTED goes to ticket-events, to which this service may not publish',
    )
  })
  test('is looked up by its key and by its name', () => {
    expect(topicsOf('payments')).toEqual(['payment-events', 'saga-compensation-failed', 'ops-alerts'])
    expect(topicsOf('payment-service')).toEqual(topicsOf('payments'))
    expect(topicsOf('boxoffice-cli')).toEqual([])
  })
  test('is where health looks', async () => {
    await messaging.health.check()
    const elsewhere = createMessaging(
      { ...foundation, metrics: createMetrics('payment-service') },
      { ...aws.config, prefix: 'nobodys-' },
    )
    await expect(elsewhere.health.check()).rejects.toThrow()
    elsewhere.close()
  })
})

describe('a message of another system', () => {
  const FOREIGN = 'mail-feedback-queue'
  const known = new Map<string, string>()
  const translate: Translate = (body) => {
    if (body === 'broken') throw new TypeError(body)
    const [word, id = ''] = body.split(' ')
    if (word !== 'gone') return { reason: `unknown word: ${word}` }
    known.set(id, known.get(id) ?? randomUUID())
    const envelope = {
      messageId: known.get(id),
      eventType: 'MAIL_PROGRESSED',
      version: '1.0',
      correlationId: id,
    }
    return {
      envelope: {
        ...envelope,
        timestamp: new Date().toISOString(),
        aggregateVersion: 0,
        payload: { what: id },
      },
    }
  }
  const handledHere: string[] = []
  let foreign: Worker
  beforeAll(() => {
    const subscriber = on(mailProgressed, async (_tx: Tx, { payload }) => void handledHere.push(payload.what))
    foreign = messaging.consumeWith(FOREIGN, [subscriber], { db: foundation.db, translate })
    foreign.start()
  })
  afterAll(() => foreign.stop())
  const publish = (body: string) => publishRaw(aws, 'mail-feedback', body)
  const counted = (eventType: string, outcome: 'done' | 'duplicate' | 'dead') =>
    messaging.handlers.list().find((figure) => figure.queue === FOREIGN && figure.eventType === eventType)?.[
      outcome
    ]

  test('is handled like one of ours: once, under its own type', async () => {
    await publish('gone x')
    await publish('gone x')
    await until(() => expect(counted('MAIL_PROGRESSED', 'duplicate')).toBe(1))
    expect(handledHere).toEqual(['x'])
  })
  test('that cannot be translated is dead-lettered with the reason, also after a redrive', async () => {
    await publish('what y')
    await publish('broken')
    await until(() => expect(counted('unknown', 'dead')).toBe(2))
    const read = async () => {
      const found = []
      for await (const letters of readLetters(aws, FOREIGN)) found.push(...letters)
      return found
    }
    const letters = await read()
    expect(letters.map(({ body, reason, eventType }) => [body, reason, eventType]).sort()).toEqual([
      ['broken', 'cannot be read: TypeError', 'unknown'],
      ['what y', 'unknown word: what', 'unknown'],
    ])
    expect(await requeueLetters(aws, FOREIGN, letters)).toMatchObject({ refused: [], undeleted: [] })
    await until(() => expect(counted('unknown', 'dead')).toBe(4))
    expect((await read()).map(({ redrives }) => redrives)).toEqual([1, 1])
  })
})
