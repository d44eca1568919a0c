import { randomUUID } from 'node:crypto'
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs'
import { type OrderId, type UserId, updateOrderCommand } from '@boxoffice/contracts'
import { createLogger, createMetrics, PermanentFailure, type Tx } from '@boxoffice/service-kit'
import { fakeTx, recordLogs } from '@boxoffice/service-kit/testing'
import { pause, until } from '@boxoffice/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Aws } from './aws.ts'
import { type ConsumerOptions, createConsumer, on } from './consumer.ts'
import { createHandlerFigures } from './handler-figures.ts'

// SQS as AWS behaves where fauxqs differs: one receive may return several messages of a group.

const QUEUE = 'order-commands.fifo'
let inbox: Set<unknown>
let handled: string[]
let failing: Set<string>
beforeEach(() => {
  inbox = new Set()
  handled = []
  failing = new Set()
})

/** A command whose payload names it, in a group, at its n-th receive. */
const command = (name: string, group: string, receives = 1) => ({
  MessageId: randomUUID(),
  ReceiptHandle: name,
  Body: JSON.stringify(
    z.encode(updateOrderCommand.schema, {
      messageId: randomUUID() as never,
      eventType: 'UPDATE_ORDER',
      version: '1.0',
      timestamp: new Date(),
      correlationId: 'c',
      aggregateVersion: 1,
      payload: { orderId: randomUUID() as OrderId, userId: randomUUID() as UserId, holderName: name },
    }),
  ),
  Attributes: { MessageGroupId: group, ApproximateReceiveCount: String(receives) },
})

/** A queue that returns these receives and then nothing; records the requests. */
function scripted(receives: ReturnType<typeof command>[][]) {
  const asked = { most: [] as number[], seenAgainIn: [] as [string, number][], deleted: [] as string[] }
  const send = async (request: unknown) => {
    if (request instanceof ReceiveMessageCommand) {
      asked.most.push(request.input.MaxNumberOfMessages ?? 0)
      const next = receives.shift()
      if (!next) await pause(20)
      return { Messages: next ?? [] }
    }
    if (request instanceof ChangeMessageVisibilityBatchCommand) {
      for (const { ReceiptHandle = '', VisibilityTimeout = -1 } of request.input.Entries ?? [])
        asked.seenAgainIn.push([ReceiptHandle, VisibilityTimeout])
    }
    if (request instanceof DeleteMessageBatchCommand)
      for (const { ReceiptHandle = '' } of request.input.Entries ?? []) asked.deleted.push(ReceiptHandle)
    return {}
  }
  const aws = { sqs: { send }, config: { waitSeconds: 0 }, queueUrl: async () => 'url' } as unknown as Aws
  return { aws, asked }
}

const tx = fakeTx(async (_sql, values = []) => {
  const ids = values[1] as string[]
  const fresh = ids.filter((id) => !inbox.has(id))
  for (const id of fresh) inbox.add(id)
  return fresh.map((messageId) => ({ messageId }))
})
/** Rolls the inbox back. */
async function transact<R>(work: (tx: Tx) => Promise<R>): Promise<R> {
  const before = new Set(inbox)
  try {
    return await work(tx)
  } catch (error) {
    inbox = before
    throw error
  }
}

const consuming: ReturnType<typeof createConsumer>[] = []
function consume(aws: Aws, options: Partial<ConsumerOptions<Tx>> = {}) {
  const consumer = createConsumer<Tx>({
    queue: QUEUE,
    aws,
    subscribers: [
      on(updateOrderCommand, async (_tx, { payload: { holderName } }) => {
        handled.push(holderName)
        await pause(5)
        if (failing.has(holderName)) throw new Error(`${holderName} fails`)
      }),
    ],
    db: { transact },
    logger: createLogger({ service: 'test', level: 'silent' }),
    metrics: createMetrics('test'),
    figures: createHandlerFigures(() => new Date()),
    crashAt: () => {},
    retryAfterSeconds: [0.001, 5, 15],
    ...options,
  })
  consuming.push(consumer)
  consumer.start()
}
afterEach(async () => {
  for (const consumer of consuming.splice(0)) await consumer.stop()
})

describe('messages of one group in one receive', () => {
  test('are handled one after the other, groups side by side', async () => {
    const { aws, asked } = scripted([
      [command('a1', 'a'), command('a2', 'a'), command('b1', 'b'), command('a3', 'a')],
    ])
    consume(aws)
    await until(() => expect(asked.deleted).toHaveLength(4))
    expect(handled.slice(0, 2)).toEqual(['a1', 'b1'])
    expect(handled.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
  })
  test('do not overtake a failed one: they are released, and other groups continue', async () => {
    failing.add('a2')
    const { aws, asked } = scripted([
      [command('a1', 'a'), command('a2', 'a'), command('a3', 'a'), command('a4', 'a'), command('b1', 'b')],
    ])
    consume(aws)
    await until(() => expect(asked.seenAgainIn).toHaveLength(3))
    expect(asked.seenAgainIn).toEqual([
      ['a2', 5],
      ['a3', 0],
      ['a4', 0],
    ])
    expect(handled.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a2'])
    await until(() => expect(asked.deleted.toSorted()).toEqual(['a1', 'b1']))
  })
  test('are handled when one before them is dead-lettered: their receives were counted too', async () => {
    failing.add('a1').add('a3')
    const { aws, asked } = scripted([
      [command('a1', 'a', 3), command('a2', 'a', 3), command('a3', 'a', 2), command('a4', 'a', 2)],
    ])
    consume(aws)
    await until(() => expect(asked.seenAgainIn).toHaveLength(3))
    expect(handled).toEqual(['a1', 'a2', 'a3'])
    // A dead message becomes visible at once, so that SQS moves it; the message behind it does not wait for
    // that.
    expect(asked.seenAgainIn).toEqual([
      ['a1', 0],
      ['a3', 15],
      ['a4', 0],
    ])
    await until(() => expect(asked.deleted).toEqual(['a2']))
  })
})

test('a failing message is retried at once, after 5 s and after 15 s, and then dead-lettered', async () => {
  failing.add('a')
  const { aws, asked } = scripted([[command('a', 'a', 1)], [command('a', 'a', 2)], [command('a', 'a', 3)]])
  consume(aws, { concurrency: 1 })
  await until(() => expect(asked.seenAgainIn).toHaveLength(3))
  expect(asked.seenAgainIn.map(([, seconds]) => seconds)).toEqual([5, 15, 0])
  expect(handled).toEqual(['a', 'a', 'a', 'a'])
  expect(asked.deleted).toEqual([])
})

test('no more is received than the capacity allows, and nothing while it is used up', async () => {
  let free = 2
  let freeCapacity = () => {}
  const capacity = {
    free: () => free,
    waitForMore: () =>
      new Promise<void>((resolve) => {
        freeCapacity = resolve
      }),
  }
  const { aws, asked } = scripted([[command('a', 'a'), command('b', 'b')], [command('c', 'c')]])
  // Work that follows the commit occupies capacity there.
  const taking = async <R>(work: (tx: Tx) => Promise<R>) => {
    const result = await transact(work)
    free--
    return result
  }
  consume(aws, { capacity, db: { transact: taking } })
  await until(() => expect(asked.deleted).toHaveLength(2))
  expect(asked.most).toEqual([2])
  expect(handled).toEqual(['a', 'b'])
  free = 1
  freeCapacity()
  await until(() => expect(handled).toEqual(['a', 'b', 'c']))
  expect(asked.most[1]).toBe(1)
  free = 1
  freeCapacity()
})

test("a message that can never be handled is tried once, and its subscriber's fallback runs", async () => {
  const { aws, asked } = scripted([[command('never', 'a'), command('next', 'a')]])
  const instead: [string, string][] = []
  consume(aws, {
    subscribers: [
      on(
        updateOrderCommand,
        async (_tx, { payload: { holderName } }) => {
          handled.push(holderName)
          if (holderName === 'never') throw new PermanentFailure('it is too large')
        },
        async (_tx, { payload: { holderName } }, why) => void instead.push([holderName, why]),
      ),
    ],
  })
  await until(() => expect(asked.deleted).toHaveLength(2))
  expect(handled).toEqual(['never', 'next'])
  expect(instead).toEqual([['never', 'it is too large']])
  expect(inbox.size).toBe(2)
})

describe('a failed message is logged with its ids and those in its payload', () => {
  const idsOf = ({ Body, MessageId }: ReturnType<typeof command>) => {
    const { messageId, correlationId, payload } = JSON.parse(Body)
    const { orderId, userId } = payload
    return {
      messageId,
      sqsMessageId: MessageId,
      correlationId,
      eventType: 'UPDATE_ORDER',
      orderId,
      userId,
      queue: QUEUE,
    }
  }

  test('and with the attempt and the wait before the next one', async () => {
    failing.add('a1')
    const failed = command('a1', 'a')
    const { aws, asked } = scripted([[failed]])
    const { logger, lines } = recordLogs()
    consume(aws, { logger })
    await until(() => expect(asked.seenAgainIn).toEqual([['a1', 5]]))
    const ids = idsOf(failed)
    expect(lines()).toMatchObject([
      {
        ...ids,
        level: 'warn',
        msg: 'message handling failed, will be retried (attempt 1 of 4)',
        attempt: 1,
        attempts: 4,
        waitMs: 1,
      },
      {
        ...ids,
        level: 'warn',
        msg: 'message handling failed, will be retried (attempt 2 of 4)',
        receives: 1,
        waitMs: 5_000,
      },
    ])
    expect(lines()[0]).toMatchObject({ err: { message: 'a1 fails' } })
  })
  test.each([
    ['where the queue has waits of its own', [0.001, 5, 15], 4],
    ['where it has none', [], 3],
  ])(
    'and, at its last attempt, with the dead-letter queue as its destination: %s',
    async (_, retryAfterSeconds, attempts) => {
      failing.add('a1').add('b1')
      const [again, dead] = [command('a1', 'a', 2), command('b1', 'b', 3)]
      const { aws } = scripted([[again, dead]])
      const { logger, lines } = recordLogs()
      consume(aws, { logger, retryAfterSeconds })
      await until(() => expect(lines()).toHaveLength(2))
      const ofAll = `attempt ${attempts} of ${attempts}`
      const last = `message handling failed (${ofAll}), goes to the dead-letter queue`
      expect(lines().find(({ orderId }) => orderId === idsOf(dead).orderId)).toMatchObject({
        ...idsOf(dead),
        level: 'error',
        msg: last,
      })
      const waits = retryAfterSeconds.length > 0 ? 15_000 : 60_000
      const msg = `message handling failed, will be retried (attempt ${attempts - 1} of ${attempts})`
      expect(lines().find(({ level }) => level === 'warn')).toMatchObject({
        ...idsOf(again),
        msg,
        waitMs: waits,
      })
    },
  )
  test('also where it cannot be handled at all', async () => {
    const strange = {
      ...command('a1', 'a'),
      Body: JSON.stringify({ eventType: 'UPDATE_ORDER', messageId: 'm-1', payload: { orderId: 'o-1' } }),
    }
    const { aws } = scripted([[strange]])
    const { logger, lines } = recordLogs()
    consume(aws, { logger })
    await until(() => expect(lines()).toHaveLength(1))
    expect(lines()).toMatchObject([
      {
        messageId: 'm-1',
        orderId: 'o-1',
        queue: QUEUE,
        msg: 'message cannot be handled, sent to the dead-letter queue',
      },
    ])
    expect(lines()[0]?.reason).toContain('does not match its schema')
  })
})
