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

// SQS as AWS has it where fauxqs differs: a receive may bring several messages of one group.

const QUEUE = 'order-commands.fifo'
let inbox: Set<unknown>
let handled: string[]
let failing: Set<string>
beforeEach(() => {
  inbox = new Set()
  handled = []
  failing = new Set()
})

/** A command that says its name, in a group, received for the so-manieth time. */
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

/** A queue that gives these receives and then nothing; what it was asked is kept. */
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
/** Rolls back what the inbox was told. */
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
  test('are taken one after the other, groups side by side', async () => {
    const { aws, asked } = scripted([
      [command('a1', 'a'), command('a2', 'a'), command('b1', 'b'), command('a3', 'a')],
    ])
    consume(aws)
    await until(() => expect(asked.deleted).toHaveLength(4))
    expect(handled.slice(0, 2)).toEqual(['a1', 'b1'])
    expect(handled.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
  })
  test('do not overtake one that failed: they are given back, and others go on', async () => {
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
  test('are tried when one before them dies: their receives were counted with its own, and they would die untried', async () => {
    failing.add('a1').add('a3')
    const { aws, asked } = scripted([
      [command('a1', 'a', 3), command('a2', 'a', 3), command('a3', 'a', 2), command('a4', 'a', 2)],
    ])
    consume(aws)
    await until(() => expect(asked.seenAgainIn).toHaveLength(3))
    expect(handled).toEqual(['a1', 'a2', 'a3'])
    // What is dead is shown at once, so that SQS takes it away; the one after those that are not waits for
    // them.
    expect(asked.seenAgainIn).toEqual([
      ['a1', 0],
      ['a3', 15],
      ['a4', 0],
    ])
    await until(() => expect(asked.deleted).toEqual(['a2']))
  })
})

test('what fails is tried again within its first receive, then stays unseen for 5 s, for 15 s, and not at all before it dies', async () => {
  failing.add('a')
  const { aws, asked } = scripted([[command('a', 'a', 1)], [command('a', 'a', 2)], [command('a', 'a', 3)]])
  consume(aws, { concurrency: 1 })
  await until(() => expect(asked.seenAgainIn).toHaveLength(3))
  expect(asked.seenAgainIn.map(([, seconds]) => seconds)).toEqual([5, 15, 0])
  expect(handled).toEqual(['a', 'a', 'a', 'a'])
  expect(asked.deleted).toEqual([])
})

test('no more is received than there is room for, and nothing while there is none', async () => {
  let free = 2
  let makeRoom = () => {}
  const room = {
    free: () => free,
    waitForRoom: () =>
      new Promise<void>((resolve) => {
        makeRoom = resolve
      }),
  }
  const { aws, asked } = scripted([[command('a', 'a'), command('b', 'b')], [command('c', 'c')]])
  // Whoever works on after the commit takes the room there.
  const taking = async <R>(work: (tx: Tx) => Promise<R>) => {
    const result = await transact(work)
    free--
    return result
  }
  consume(aws, { room, db: { transact: taking } })
  await until(() => expect(asked.deleted).toHaveLength(2))
  expect(asked.most).toEqual([2])
  expect(handled).toEqual(['a', 'b'])
  free = 1
  makeRoom()
  await until(() => expect(handled).toEqual(['a', 'b', 'c']))
  expect(asked.most[1]).toBe(1)
  free = 1
  makeRoom()
})

test('a message that can never be handled is tried once, and its subscriber does what it does instead', async () => {
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

describe('a message that failed is logged with what it is and what it is about', () => {
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

  test('and with which attempt that was, and when the next one comes', async () => {
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
    'and that it goes to the dead-letter queue, at the last time: %s',
    async (_, retryAfterSeconds, attempts) => {
      failing.add('a1').add('b1')
      const [again, dead] = [command('a1', 'a', 2), command('b1', 'b', 3)]
      const { aws } = scripted([[again, dead]])
      const { logger, lines } = recordLogs()
      consume(aws, { logger, retryAfterSeconds })
      await until(() => expect(lines()).toHaveLength(2))
      const last = `message handling failed (attempt ${attempts} of ${attempts}), goes to the dead-letter queue`
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
