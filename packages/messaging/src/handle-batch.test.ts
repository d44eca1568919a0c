import { randomUUID } from 'node:crypto'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import {
  type EventId,
  type Message,
  type OrderId,
  ticketsRejected,
  topics,
  type UserId,
} from '@boxoffice/contracts'
import type { createFoundation, Tx } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startPaymentService } from '../test/payment-service.ts'
import type { Aws } from './aws.ts'
import { on } from './consumer.ts'
import type { Messaging } from './messaging.ts'
import { type Append, createOutbox } from './outbox.ts'
import { createProbe, type Probe } from './testing.ts'

const QUEUE = 'payment-processing-queue'
type Rejected = Message<typeof ticketsRejected>
let aws: Aws
let probe: Probe
let messaging: Messaging
let append: Append
let foundation: ReturnType<typeof createFoundation>

beforeAll(async () => {
  ;({ foundation, aws, messaging } = await startPaymentService())
  probe = await createProbe(aws, ['ticket-events'])
  append = createOutbox({ ...foundation, relay: messaging.relay, topics })
})
afterAll(async () => {
  await messaging.relay.stop()
  await probe.close()
  messaging.close()
  aws.close()
  await foundation.pool.end()
})

const rejection = () => ({
  ...{ orderId: randomUUID() as OrderId, userId: randomUUID() as UserId, eventId: randomUUID() as EventId },
  ...{ reservationId: randomUUID() as never, reason: 'SEATS_GONE' },
})
const messageOf = (): Rejected => ({
  ...{
    messageId: randomUUID() as never,
    eventType: 'TICKETS_REJECTED',
    version: '1.0',
    timestamp: new Date(),
  },
  ...{ correlationId: 'c', aggregateVersion: 1, payload: rejection() },
})

async function send(messages: readonly Rejected[]): Promise<void> {
  const Entries = messages.map((message, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(z.encode(ticketsRejected.schema, message)),
  }))
  await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl: await aws.queueUrl(QUEUE), Entries }))
}

/** Sends ten messages that arrive in one receive, handled by `handle`. */
async function whileTaking(
  handle: (tx: Tx, message: Rejected) => Promise<void>,
  check: (messages: readonly Rejected[]) => Promise<void>,
  together?: (tx: Tx, messages: readonly Rejected[]) => Promise<void>,
) {
  const messages = Array.from({ length: 10 }, messageOf)
  await send(messages)
  const consumer = messaging.consumeWith<Tx>(QUEUE, [on(ticketsRejected, handle)], {
    db: foundation.db,
    ...(together && { together: together as never }),
  })
  consumer.start()
  try {
    await check(messages)
  } finally {
    await consumer.stop()
  }
}
const remember = (tx: Tx, { payload: { eventId } }: Rejected) =>
  tx.query('insert into cancelled_events (event_id) values ($1)', [eventId]).then(() => {})
/** The transactions that wrote the inbox rows of these messages, and the number of rows. */
async function takenIn(messages: readonly Rejected[]) {
  const { rows } = await foundation.pool.query(
    'select distinct xmin::text as tx from inbox where message_id = any($1)',
    [messages.map(({ messageId }) => messageId)],
  )
  const { rowCount } = await foundation.pool.query('select from cancelled_events where event_id = any($1)', [
    messages.map(({ payload }) => payload.eventId),
  ])
  return { transactions: rows.length, effects: rowCount }
}

test('the next receive is handled beside the first one if more messages wait', async () => {
  const first = Array.from({ length: 10 }, messageOf)
  await send(first)
  const sizes: number[] = []
  const bothCame = Promise.withResolvers<void>()
  await whileTaking(
    remember,
    (messages) =>
      until(async () =>
        expect(await takenIn([...first, ...messages])).toEqual({ transactions: 2, effects: 20 }),
      ),
    async (tx, messages) => {
      if (sizes.push(messages.length) === 2) bothCame.resolve()
      await bothCame.promise
      for (const message of messages) await remember(tx, message)
    },
  )
  expect(sizes).toEqual([10, 10])
})

describe('ten messages of one receive', () => {
  test('are handled in one transaction', () =>
    whileTaking(remember, (messages) =>
      until(async () => expect(await takenIn(messages)).toEqual({ transactions: 1, effects: 10 })),
    ))

  test('take effect at once where the consumer knows how', async () => {
    const calls: number[] = []
    await whileTaking(
      async () => {
        throw new Error('one by one')
      },
      (messages) =>
        until(async () => expect(await takenIn(messages)).toEqual({ transactions: 1, effects: 10 })),
      async (tx, messages) => {
        calls.push(messages.length)
        for (const message of messages) await remember(tx, message)
      },
    )
    expect(calls).toEqual([10])
  })

  test('are handled one by one if one fails, and that one alone is retried', async () => {
    const attempts = new Map<string, number>()
    let poison = ''
    await whileTaking(
      async (tx, message) => {
        poison ||= message.messageId
        attempts.set(message.messageId, (attempts.get(message.messageId) ?? 0) + 1)
        await remember(tx, message)
        if (message.messageId === poison) throw new Error('not now')
      },
      async (messages) => {
        const others = messages.filter(({ messageId }) => messageId !== poison)
        await until(async () => expect(await takenIn(messages)).toEqual({ transactions: 9, effects: 9 }))
        // In the transaction of the batch, and alone.
        expect(attempts.get(poison)).toBe(2)
        for (const { messageId } of others)
          expect(attempts.get(messageId) ?? 0, messageId).toBeLessThanOrEqual(2)
      },
    )
  })
})

describe('a message that a transaction wrote into the outbox', () => {
  const say = (tx: Tx, payload: ReturnType<typeof rejection>) =>
    append(tx, ticketsRejected, payload, { aggregateVersion: 1 })
  const received = (orderId: OrderId) =>
    probe.received(ticketsRejected).filter(({ payload }) => payload.orderId === orderId)

  test('is published from memory after the commit: no poll claims it', async () => {
    const payload = rejection()
    const messageId = await foundation.db.transact((tx) => say(tx, payload))
    const rows = (what: string) =>
      foundation.pool
        .query(`select ${what} from outbox where message_id = $1`, [messageId])
        .then(({ rows }) => rows)
    const [{ lease }] = (await rows('lease')) as [{ lease: string }]
    expect(lease).not.toBeNull()
    await until(async () => expect((await rows('published_at'))[0]?.published_at).not.toBeNull())
    expect(await rows('lease, attempts')).toEqual([{ lease, attempts: 1 }])
    await until(() => expect(received(payload.orderId)).toHaveLength(1))
  })

  test('is not published if a savepoint was rolled back', async () => {
    const [undone, refused, kept] = [rejection(), rejection(), rejection()]
    await foundation.db.transact(async (tx) => {
      const failing = tx.savepoint(async () => {
        await say(tx, undone)
        throw new Error('never mind')
      })
      await expect(failing).rejects.toThrow('never mind')
      await tx.savepoint(
        () => say(tx, refused),
        () => false,
      )
      await tx.savepoint(() => say(tx, kept))
    })
    await until(() => expect(received(kept.orderId)).toHaveLength(1))
    expect([...received(undone.orderId), ...received(refused.orderId)]).toEqual([])
    const { rows } = await foundation.pool.query('select from outbox where body::text like $1', [
      `%${undone.orderId}%`,
    ])
    expect(rows).toEqual([])
  })

  test('is not published without a commit', async () => {
    const [lost, kept] = [rejection(), rejection()]
    const failing = foundation.db.transact(async (tx) => {
      await say(tx, lost)
      await tx.query('select 1 / 0')
    })
    await expect(failing).rejects.toThrow('division by zero')
    await foundation.db.transact((tx) => say(tx, kept))
    await until(() => expect(received(kept.orderId)).toHaveLength(1))
    expect(received(lost.orderId)).toEqual([])
  })

  test('is published in batches of ten, and marked many rows at a time', async () => {
    const payloads = Array.from({ length: 60 }, rejection)
    await Promise.all(payloads.map((payload) => foundation.db.transact((tx) => say(tx, payload))))
    const ids = payloads.map(({ orderId }) => orderId)
    await until(async () => {
      const { rows } = await foundation.pool.query(
        `select count(*)::int as published, count(distinct xmin::text)::int as marks from outbox
         where body->'payload'->>'orderId' = any($1) and published_at is not null`,
        [ids],
      )
      expect(rows[0].published).toBe(60)
      expect(rows[0].marks).toBeLessThan(20)
    })
  })
})
