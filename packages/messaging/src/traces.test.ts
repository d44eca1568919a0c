import { randomUUID } from 'node:crypto'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import {
  createOrderCommand,
  type EventId,
  messages,
  type OrderId,
  ticketsRejected,
  topics,
  type UserId,
} from '@boxoffice/contracts'
import { type createFoundation, inSpan, SpanKind, stopTracing, type Worker } from '@boxoffice/service-kit'
import { recordSpans } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startPaymentService } from '../test/payment-service.ts'
import type { Aws } from './aws.ts'
import { on } from './consumer.ts'
import { readLetters, requeueLetters } from './dead-letter-queue.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import type { Messaging } from './messaging.ts'
import { type Append, createOutbox } from './outbox.ts'

const QUEUE = 'payment-processing-queue'
let aws: Aws
let messaging: Messaging
/** With a service that may publish everything. */
let append: Append
let foundation: ReturnType<typeof createFoundation>
let consumer: Worker
let handle: () => Promise<void>

beforeAll(async () => {
  ;({ foundation, aws, messaging } = await startPaymentService())
  append = createOutbox({ ...foundation, relay: messaging.relay, topics })
  handle = async () => {}
  consumer = messaging.consume(QUEUE, [on(ticketsRejected, () => handle())])
  messaging.relay.start()
  consumer.start()
})
afterEach(async () => {
  handle = async () => {}
  await stopTracing()
})
afterAll(async () => {
  await consumer.stop()
  await messaging.relay.stop()
  messaging.close()
  aws.close()
  await foundation.pool.end()
})

const say = () =>
  foundation.db.transact((tx) => {
    const ids = {
      orderId: randomUUID() as OrderId,
      userId: randomUUID() as UserId,
      eventId: randomUUID() as EventId,
    }
    const payload = { ...ids, reservationId: randomUUID() as never, reason: 'SEATS_GONE' }
    return append(tx, ticketsRejected, payload, { aggregateVersion: 1 })
  })
const spansOf = (recorded: ReturnType<typeof recordSpans>, messageId: string) =>
  recorded.spans().filter(({ attributes }) => attributes['messaging.message.id'] === messageId)

describe('a message', () => {
  test('is published and handled in the trace of its transaction, through SNS and SQS', async () => {
    const recorded = recordSpans()
    const messageId = await inSpan('request', {}, say)
    await until(() => expect(spansOf(recorded, messageId)).toHaveLength(2))
    const request = recorded.spans().find(({ name }) => name === 'request')
    const [producer, consumed] = spansOf(recorded, messageId)
    expect(producer).toMatchObject({
      kind: SpanKind.PRODUCER,
      name: 'publish TICKETS_REJECTED',
      traceId: request?.traceId,
    })
    expect(producer?.parentId).toBe(request?.spanId)
    expect(consumed).toMatchObject({
      kind: SpanKind.CONSUMER,
      name: 'process TICKETS_REJECTED',
      traceId: request?.traceId,
    })
    expect(consumed?.parentId).toBe(producer?.spanId)
    expect(consumed?.attributes).toMatchObject({
      'messaging.destination.name': QUEUE,
      'boxoffice.outcome': 'done',
    })
    const inbox = recorded
      .spans()
      .find(({ name, parentId }) => name === 'insert inbox' && parentId === consumed?.spanId)
    expect(inbox?.traceId).toBe(request?.traceId)
    // Polling of the relay and the consumer belongs to no trace.
    expect(recorded.spans().filter(({ name }) => name === 'update outbox')).toEqual([])
  })
  test('that is a command reaches its queue in the trace of the request', async () => {
    const recorded = recordSpans()
    const command = { orderId: randomUUID() as OrderId, userId: randomUUID() as UserId }
    const messageId = await inSpan('request', {}, () =>
      foundation.db.transact((tx) =>
        messaging.append(tx, createOrderCommand, command, { aggregateVersion: 1 }),
      ),
    )
    await until(() => expect(spansOf(recorded, messageId)).toHaveLength(1))
    const [producer] = spansOf(recorded, messageId)
    expect(producer).toMatchObject({ kind: SpanKind.PRODUCER, name: 'publish CREATE_ORDER' })
    expect(producer?.attributes).toMatchObject({
      'messaging.system': 'aws_sqs',
      'messaging.destination.name': 'order-commands.fifo',
    })
    expect(producer?.traceId).toBe(recorded.spans().find(({ name }) => name === 'request')?.traceId)
    const QueueUrl = await aws.queueUrl('order-commands.fifo')
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }),
    )
    const attributes = Messages[0]?.MessageAttributes
    expect(attributes?.traceparent?.StringValue).toContain(producer?.traceId)
    expect(attributes).toMatchObject({
      eventType: { StringValue: 'CREATE_ORDER' },
      orderId: { StringValue: command.orderId },
    })
  })
  test('of nobody’s trace begins one where it is published', async () => {
    const recorded = recordSpans()
    const messageId = await say()
    await until(() => expect(spansOf(recorded, messageId)).toHaveLength(2))
    const [producer, consumed] = spansOf(recorded, messageId)
    expect(producer?.parentId).toBeNull()
    expect(consumed?.parentId).toBe(producer?.spanId)
  })
  test('whose effect fails has a span with the error', async () => {
    handle = () => Promise.reject(new TypeError('somebody@example.test'))
    const recorded = recordSpans()
    const messageId = await say()
    await until(() => expect(spansOf(recorded, messageId)[1]).toMatchObject({ failed: 'TypeError' }))
    expect(JSON.stringify(recorded.spans())).not.toContain('somebody')
  })
  test('of a process that does not trace is delivered as usual', async () => {
    const messageId = await say()
    await until(async () => {
      const { rowCount } = await foundation.pool.query('select from inbox where message_id = $1', [messageId])
      expect(rowCount).toBe(1)
    })
    const { rows } = await foundation.pool.query(
      `select attributes from outbox where message_id = $1
       union all select attributes from message_archive where message_id = $1`,
      [messageId],
    )
    expect(Object.keys(rows[0].attributes)).not.toContain('traceparent')
  })
  test('that was dead-lettered keeps its trace, and continues it after a redrive', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const text = (StringValue: string) => ({ DataType: 'String', StringValue })
    const others = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, text(name)]))
    const Body = JSON.stringify({ eventType: 'TICKETS_REJECTED', messageId: randomUUID() })
    const MessageAttributes = {
      eventType: text('TICKETS_REJECTED'),
      ...others,
      traceparent: text(traceparent),
    }
    await sendToDeadLetters(aws, 'ticket-processing-queue', { Body, MessageAttributes }, 'it does not matter')
    for await (const letters of readLetters(aws, 'ticket-processing-queue')) {
      await requeueLetters(aws, 'ticket-processing-queue', letters)
    }
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: await aws.queueUrl('ticket-processing-queue'),
        MessageAttributeNames: ['All'],
        WaitTimeSeconds: 1,
      }),
    )
    expect(Messages.map((message) => message.MessageAttributes?.traceparent?.StringValue)).toEqual([
      traceparent,
    ])
  })
})

test('no message has more attributes than SNS delivers raw or SQS keeps of a redriven letter', () => {
  for (const { eventType, attributes } of messages.values()) {
    const sent = ['eventType', 'timestamp', 'traceparent', ...attributes]
    expect(sent.length, eventType).toBeLessThanOrEqual(10)
    expect([...sent, 'redriveCount'].length, eventType).toBeLessThanOrEqual(8)
  }
})
