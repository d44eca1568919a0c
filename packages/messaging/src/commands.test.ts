import { randomUUID } from 'node:crypto'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import {
  commandQueuesOf,
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  queues,
  topicsOf,
  type UserId,
  updateOrderCommand,
} from '@boxoffice/contracts'
import type { createFoundation, Tx } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPaymentService } from '../test/payment-service.ts'
import { type Aws, createAws } from './aws.ts'
import { createConsumer, on } from './consumer.ts'
import { createHandlerFigures } from './handler-figures.ts'
import type { Messaging } from './messaging.ts'
import { createOutbox } from './outbox.ts'
import { createRelay } from './relay.ts'

const QUEUE = 'order-commands.fifo'
let aws: Aws
let messaging: Messaging
let foundation: ReturnType<typeof createFoundation>

beforeAll(async () => {
  ;({ foundation, aws, messaging } = await startPaymentService())
})
afterAll(async () => {
  messaging.close()
  aws.close()
  await foundation.pool.end()
})

type Handle = (orderId: OrderId, what: string) => Promise<void> | void
/** Consumes commands while `work` runs. */
async function whileConsuming(handle: Handle, work: () => Promise<void>): Promise<void> {
  const consumer = createConsumer<Tx>({
    ...{ queue: QUEUE, aws, ...foundation, figures: createHandlerFigures(foundation.now) },
    retryAfterSeconds: [0.05, 0, 0],
    subscribers: [
      on(createOrderCommand, async (_tx, { payload: { orderId } }) => handle(orderId, 'create')),
      on(updateOrderCommand, async (_tx, { payload: { orderId, holderName } }) =>
        handle(orderId, holderName),
      ),
      on(deleteOrderCommand, async (_tx, { payload: { orderId } }) => handle(orderId, 'delete')),
    ],
  })
  consumer.start()
  try {
    await work()
  } finally {
    await consumer.stop()
  }
}

const ids = () => ({ orderId: randomUUID() as OrderId, userId: randomUUID() as UserId })
const version = { aggregateVersion: 1 }
const send = (payload: ReturnType<typeof ids>, holderName: string) =>
  foundation.db.transact((tx) =>
    messaging.append(tx, updateOrderCommand, { ...payload, holderName }, version),
  )

test('commands reach their queue in the order they were written, with any number of relays', async () => {
  const orders = Array.from({ length: 5 }, ids)
  const names = Array.from({ length: 8 }, (_, index) => `name ${index}`)
  const relays = [messaging.relay, createRelay({ ...foundation, aws })]
  for (const relay of relays) relay.start()
  const executed = new Map<OrderId, string[]>(orders.map(({ orderId }) => [orderId, []]))
  await whileConsuming(
    (orderId, name) => void executed.get(orderId)?.push(name),
    async () => {
      await Promise.all(
        orders.map(async (order) => {
          for (const name of names) await send(order, name)
        }),
      )
      for (const relay of relays) relay.nudge()
      await until(() => expect([...executed.values()]).toEqual(orders.map(() => names)))
    },
  )
  for (const relay of relays) await relay.stop()
})

test('a command is kept while SQS is down, and is sent when it is back', async () => {
  const order = ids()
  await send(order, 'later')
  const away = createAws({ ...aws.config, sqsEndpoint: 'http://127.0.0.1:1' })
  const broken = createRelay({ ...foundation, aws: away })
  await broken.stop() // a stopping relay sweeps one last time
  const { rows } = await foundation.pool.query(
    'select attempts, group_key from outbox where published_at is null',
  )
  expect(rows).toEqual([{ attempts: 1, group_key: order.orderId }])
  const executed: string[] = []
  messaging.relay.start()
  await whileConsuming(
    (_, name) => void executed.push(name),
    () => until(() => expect(executed).toEqual(['later'])),
  )
  await messaging.relay.stop()
  away.close()
})

test('a command whose relay died after sending is sent again and executed once', async () => {
  const order = ids()
  const executed: string[] = []
  messaging.relay.start()
  await whileConsuming(
    (orderId, name) => void (orderId === order.orderId && executed.push(name)),
    async () => {
      const messageId = await send(order, 'once')
      await until(() => expect(executed).toEqual(['once']))
      const { rows } = await foundation.pool.query(
        `update outbox set published_at = null, leased_until = clock_timestamp() - interval '1 second'
         where message_id = $1 returning body`,
        [messageId],
      )
      // SQS drops a duplicate within five minutes; after that the inbox finds it.
      const body = { QueueUrl: await aws.queueUrl(QUEUE), MessageBody: JSON.stringify(rows[0].body) }
      await aws.sqs.send(
        new SendMessageCommand({
          ...body,
          MessageGroupId: order.orderId,
          MessageDeduplicationId: randomUUID(),
        }),
      )
      messaging.relay.nudge()
      await send(order, 'after')
      await until(() => expect(executed.at(-1)).toBe('after'))
    },
  )
  await messaging.relay.stop()
  expect(executed).toEqual(['once', 'after'])
  const { rowCount } = await foundation.pool.query('select from outbox where published_at is null')
  expect(rowCount).toBe(0)
})

test("a failing command blocks its order's other commands until it is dead-lettered", async () => {
  const [sick, well] = [ids(), ids()]
  const executed: string[] = []
  messaging.relay.start()
  await whileConsuming(
    async (orderId, name) => {
      if (orderId === sick.orderId || orderId === well.orderId) executed.push(name)
      if (executed.length === 4 && name === 'sick') await until(() => executed.includes('well'))
      if (name === 'sick') throw new Error('not today')
    },
    async () => {
      await send(sick, 'sick')
      await send(sick, 'next')
      await send(well, 'well')
      await until(() => expect(executed).toContain('next'))
    },
  )
  await messaging.relay.stop()
  expect(executed.filter((name) => name !== 'well')).toEqual(['sick', 'sick', 'sick', 'sick', 'next'])
  expect(executed.indexOf('well')).toBeLessThan(executed.indexOf('next'))
  const { Messages = [] } = await aws.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: await aws.queueUrl(queues[QUEUE].deadLetterQueue),
      WaitTimeSeconds: 1,
    }),
  )
  expect(Messages.map(({ Body = '' }) => JSON.parse(Body).payload.holderName)).toEqual(['sick'])
})

test('a service that may not send a command cannot write it into its outbox', async () => {
  const append = createOutbox({
    ...foundation,
    topics: [...topicsOf('tickets'), ...commandQueuesOf('tickets')],
  })
  const work = foundation.db.transact((tx) => append(tx, createOrderCommand, ids(), version))
  await expect(work).rejects.toThrow(
    'CREATE_ORDER goes to order-commands.fifo, to which this service may not publish',
  )
})
