import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs'
import { type QueueName, queues } from '@boxoffice/contracts'
import { findQueueDepth, sendToDeadLetters } from '@boxoffice/messaging'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Exchange, startHoldingProxy } from './holding-proxy.ts'
import { boxoffice, startSystem } from './system.ts'

const MAIN = path.join(import.meta.dirname, '../src/main.ts')
const QUEUE = 'payment-processing-queue'
const DLQ = queues[QUEUE].deadLetterQueue
let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())
beforeEach(async () => {
  for (const queue of [QUEUE, DLQ]) await drain(queue)
})

const run = (...args: string[]) => boxoffice(system.env, 'dlq', ...args)

interface Letter {
  eventType?: string
  messageId?: string
  redrives?: number
  body?: string
  group?: string
}

/** Puts letters into a dead-letter queue, as a consumer or SQS would; returns their ids. */
async function bury(letters: Letter[], queue: QueueName = QUEUE): Promise<string[]> {
  const QueueUrl = await system.aws.queueUrl(queues[queue].deadLetterQueue)
  const text = (StringValue: string) => ({ DataType: 'String', StringValue })
  const all = letters.map((letter) => ({
    messageId: randomUUID() as string,
    eventType: 'TICKETS_REJECTED',
    ...letter,
  }))
  for (let start = 0; start < all.length; start += 10) {
    const { Failed = [] } = await system.aws.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: all
          .slice(start, start + 10)
          .map(({ messageId, eventType, redrives, body, group }, index) => ({
            Id: String(index),
            MessageBody:
              body ?? JSON.stringify({ messageId, eventType, version: '1.0', payload: { orderId: 'o-1' } }),
            MessageAttributes: {
              eventType: text(eventType),
              orderId: text('o-1'),
              deadLetterReason: text('does not match its schema: payload.reason'),
              deadLetterSource: text(queue),
              ...(redrives && { redriveCount: { DataType: 'Number', StringValue: String(redrives) } }),
            },
            ...(group && { MessageGroupId: group, MessageDeduplicationId: messageId }),
          })),
      }),
    )
    expect(Failed).toEqual([])
  }
  return all.map(({ messageId }) => messageId)
}

/** Receives and deletes everything that is visible in a queue. */
async function drain(queue: string): Promise<Message[]> {
  const QueueUrl = await system.aws.queueUrl(queue)
  const taken: Message[] = []
  for (;;) {
    const { Messages = [] } = await system.aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
        WaitTimeSeconds: 0,
      }),
    )
    if (Messages.length === 0) return taken
    taken.push(...Messages)
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await system.aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  }
}
const idsOf = (messages: Message[]) =>
  messages.map(({ Body = '' }) => JSON.parse(Body).messageId as string).sort()

describe('dlq list', () => {
  test('lists every dead-letter queue, with exit code 1 while one holds letters', async () => {
    expect(await run('list')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/payment-processing-dlq +0\n/),
    })
    await bury([{}, {}])
    expect(await run('list')).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/payment-processing-dlq +2\n/),
    })
    const { out } = await run('list', '--json')
    expect(JSON.parse(out).queues).toContainEqual({ queue: QUEUE, deadLetterQueue: DLQ, deadLetters: 2 })
  })
  test('gives the total, or that there are none, and chosen fields as JSON', async () => {
    expect((await run('list')).out).toMatch(/\nno dead letters\n$/)
    await bury([{}])
    expect((await run('list')).out).toMatch(/\n1 dead letter\n$/)
    const { queues: rows } = JSON.parse((await run('list', '--fields', 'queue,deadLetters')).out)
    expect(rows).toContainEqual({ queue: QUEUE, deadLetters: 1 })
  })
})

describe('dlq peek', () => {
  test('shows what is dead, since when and why, and leaves it there', async () => {
    const [id = ''] = await bury([{ redrives: 2 }])
    for (let times = 0; times < 2; times++) {
      const { exitCode, out } = await run('peek', DLQ)
      expect(exitCode).toBe(0)
      expect(out).toContain(`TICKETS_REJECTED  ${id}`)
      expect(out).toContain('because  does not match its schema: payload.reason')
      expect(out).toContain('redriven 2 times before')
      expect(out).toContain('"orderId":"o-1"')
    }
    expect(idsOf(await drain(DLQ))).toEqual([id])
  })
  test('never shows a message that carries a token, nor control characters', async () => {
    await bury([
      {
        eventType: 'USER_CREATED',
        body: JSON.stringify({ eventType: 'USER_CREATED', payload: { sealedToken: 'tell-nobody' } }),
      },
      { body: JSON.stringify({ eventType: 'TICKETS_REJECTED', payload: '\u001b[2Jgone' }) },
      { body: 'not JSON at all' },
      {
        messageId: '\u001b[2Jid',
        body: JSON.stringify({ messageId: '\u001b[2Jid', eventType: 'X\u001b[31m', payload: {} }),
      },
    ])
    const { out } = await run('peek', QUEUE)
    expect(out).not.toContain('tell-nobody')
    expect(out).toContain('hidden: it carries a token')
    expect(out).not.toContain('\u001b')
    expect(out).toContain('(not JSON, 15 bytes)')
  })
  test('finds by type and id', async () => {
    const [, wanted = ''] = await bury([{}, { eventType: 'EVENT_CANCELLED' }, {}])
    for (const selection of [
      ['--type', 'EVENT_CANCELLED'],
      ['--id', wanted],
    ]) {
      const { out } = await run('peek', QUEUE, '--json', ...selection)
      expect(JSON.parse(out).deadLetters).toMatchObject([{ messageId: wanted, eventType: 'EVENT_CANCELLED' }])
    }
  })
})

describe('a selection that matches nothing', () => {
  const elsewhere = randomUUID()
  test.each([[['peek']], [['requeue', '--yes']], [['purge', '--yes']]])(
    '%j is an error for an id, and says whether the queue is empty otherwise',
    async ([command = '', ...options]) => {
      const empty = { exitCode: 0, out: `${DLQ} is empty\n`, error: '' }
      expect(await run(command, QUEUE, ...options)).toEqual(empty)
      const [id] = await bury([{}])
      const unknown = `no dead letter has the id ${elsewhere}: ${DLQ} has 1 letter\n`
      expect(await run(command, QUEUE, ...options, '--id', elsewhere)).toEqual({
        exitCode: 1,
        out: '',
        error: unknown,
      })
      const asJson = await run(command, QUEUE, ...options, '--id', elsewhere, '--json')
      expect(JSON.parse(asJson.error)).toEqual({ error: 'NOT_FOUND', message: unknown.trim() })
      const other = await run(command, QUEUE, ...options, '--type', 'EVENT_CANCELLED')
      expect(other).toEqual({ exitCode: 0, out: `none matches: ${DLQ} has 1 letter\n`, error: '' })
      expect(idsOf(await drain(DLQ))).toEqual([id])
    },
  )
  test('--since leaves out earlier letters', async () => {
    await bury([{}])
    const future = new Date(Date.now() + 60_000).toISOString()
    expect((await run('peek', QUEUE, '--since', future)).out).toContain('none matches')
    expect((await run('peek', QUEUE, '--since', '1h')).out).toContain('TICKETS_REJECTED')
    expect(await run('peek', QUEUE, '--since', 'yesterday')).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('yesterday is not a time'),
    })
  })
})

describe('dlq show', () => {
  test('finds a letter in any queue, with its attributes', async () => {
    const [id = ''] = await bury([{ redrives: 1 }], 'notification-queue')
    const { exitCode, out } = await run('show', id)
    expect(exitCode).toBe(0)
    expect(out).toContain('in the dead-letter queue of notification-queue')
    expect(out).toMatch(/redriveCount +1\n/)
    expect(out).toContain('"orderId": "o-1"')
    expect(idsOf(await drain(queues['notification-queue'].deadLetterQueue))).toEqual([id])
  })
})

describe('dlq archive', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-archive-'))
    onTestFinished(() => rm(folder, { recursive: true }))
  })

  test('writes letters of every queue as lines of JSON, and leaves them where they are', async () => {
    const ids = await bury(Array.from({ length: 12 }, () => ({})))
    const [other = ''] = await bury([{ redrives: 2 }], 'notification-queue')
    const file = path.join(folder, 'letters.jsonl')
    const { exitCode, out } = await run('archive', '--to', file)
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: `archived 13 dead letters to ${file}\n  notification-queue: 1\n  payment-processing-queue: 12\n`,
    })
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    const letters = lines.map((line) => JSON.parse(line))
    expect(letters.map(({ messageId }) => messageId).sort()).toEqual([...ids, other].sort())
    expect(letters.find(({ messageId }) => messageId === other)).toMatchObject({
      queue: 'notification-queue',
      redrives: 2,
      reason: 'does not match its schema: payload.reason',
      attributes: { redriveCount: '2' },
    })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await drain(DLQ)).toHaveLength(12)
    await drain(queues['notification-queue'].deadLetterQueue)
  })
  test('never overwrites a file, writes none without letters, and no body with a token', async () => {
    const file = path.join(folder, 'letters.jsonl')
    expect((await run('archive', QUEUE, '--to', file)).out).toBe(`${DLQ} is empty\n`)
    await bury([
      { eventType: 'USER_CREATED', body: '{"eventType":"USER_CREATED","payload":{"sealedToken":"x-1"}}' },
    ])
    expect(await run('archive', QUEUE, '--to', file)).toMatchObject({ exitCode: 0 })
    expect(await readFile(file, 'utf8')).not.toContain('x-1')
    expect(await run('archive', QUEUE, '--to', file)).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining(`${file} exists already`),
    })
    expect(await readdir(folder)).toEqual(['letters.jsonl'])
  })
  test('leaves nothing behind when it fails halfway', async () => {
    await bury([{}])
    const away = { ...system.env, AWS_SQS_ENDPOINT: 'http://127.0.0.1:1' }
    const file = path.join(folder, 'letters.jsonl')
    expect(await boxoffice(away, 'dlq', 'archive', QUEUE, '--to', file)).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('the queues are unreachable'),
    })
    expect(await readdir(folder)).toEqual([])
    await writeFile(file, '')
    expect(await run('archive', QUEUE, '--to', path.join(file, 'letters.jsonl'))).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('letters.jsonl cannot be written'),
    })
  })
  test('refuses an address that is not S3’s', async () => {
    expect(await run('archive', '--to', 's3://X')).toMatchObject({
      exitCode: 2,
      error: 's3://X is not an S3 address: write s3://bucket/prefix\n',
    })
  })
})

describe('dlq requeue', () => {
  test('tells letters that died again just now from those that were redriven before', async () => {
    const [looping = '', fresh = ''] = await bury([{ redrives: 3 }, {}])
    // The consumer still fails: what is redriven dies at once.
    const proxy = await startHoldingProxy(
      system.env.AWS_SQS_ENDPOINT ?? '',
      () => false,
      async ({ action }) => {
        if (action !== 'DeleteMessageBatch') return
        const back = await drain(QUEUE)
        for (const message of back) await sendToDeadLetters(system.aws, QUEUE, message, 'failed again')
      },
    )
    onTestFinished(() => proxy.close())
    const { exitCode, out } = await boxoffice(
      { ...system.env, AWS_SQS_ENDPOINT: proxy.url },
      'dlq',
      'requeue',
      QUEUE,
      '--yes',
    )
    expect(exitCode).toBe(1)
    expect(out).toBe(
      `requeued 1 dead letter of ${DLQ}\n` +
        '1 dead letter stayed: redriven too often already (--max-redrives raises the limit)\n' +
        `1 dead letter died again just now: the fault is still there (\`boxoffice dlq show ${fresh}\`)\n`,
    )
    expect(idsOf(await drain(DLQ))).toEqual([looping, fresh].sort())
  })
  test('redrives everything, with its attributes and a count, and deletes what was accepted', async () => {
    const ids = await bury(Array.from({ length: 23 }, () => ({})))
    const { exitCode, out } = await run('requeue', QUEUE, '--yes')
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: `requeued 23 dead letters of ${DLQ}\n` })
    expect(await drain(DLQ)).toEqual([])
    const back = await drain(QUEUE)
    expect(idsOf(back)).toEqual(ids.sort())
    expect(back[0]?.MessageAttributes).toEqual({
      eventType: { DataType: 'String', StringValue: 'TICKETS_REJECTED' },
      orderId: { DataType: 'String', StringValue: 'o-1' },
      redriveCount: { DataType: 'Number', StringValue: '1' },
    })
  })
  test('takes only what was selected, up to the limit', async () => {
    const ids = await bury([{ eventType: 'EVENT_CANCELLED' }, {}, { eventType: 'EVENT_CANCELLED' }, {}])
    await run('requeue', QUEUE, '--yes', '--type', 'EVENT_CANCELLED', '--limit', '1')
    const [back] = [idsOf(await drain(QUEUE))]
    expect(back).toHaveLength(1)
    expect([ids[0], ids[2]]).toContain(back[0])
    expect(idsOf(await drain(DLQ))).toEqual(ids.filter((id) => id !== back[0]).sort())
  })
  test('changes nothing on a dry run, and prints what it would do', async () => {
    const ids = await bury([{}, {}])
    const { exitCode, out } = await run('requeue', QUEUE, '--dry-run', '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ dryRun: true, done: [{}, {}] })
    expect(await drain(QUEUE)).toEqual([])
    expect(idsOf(await drain(DLQ))).toEqual(ids.sort())
  })
  test('skips letters that were redriven too often: the loop ends, and the exit code shows it', async () => {
    const [looping = '', fresh = ''] = await bury([{ redrives: 3 }, { redrives: 2 }])
    const { exitCode, out } = await run('requeue', QUEUE, '--yes')
    expect(exitCode).toBe(1)
    expect(out).toContain('1 dead letter stayed: redriven too often already')
    expect(idsOf(await drain(QUEUE))).toEqual([fresh])
    expect(idsOf(await drain(DLQ))).toEqual([looping])
    await bury([{ redrives: 3, messageId: looping }])
    expect(await run('requeue', QUEUE, '--yes', '--max-redrives', '4')).toMatchObject({ exitCode: 0 })
    const [again] = await drain(QUEUE)
    expect(again?.MessageAttributes?.redriveCount?.StringValue).toBe('4')
  })
  test('keeps the group of a FIFO queue, and avoids its deduplication', async () => {
    const fifo = 'order-commands.fifo'
    const messageId = randomUUID()
    await bury([{ group: 'order-7', messageId }], fifo)
    expect(await run('requeue', fifo, '--yes')).toMatchObject({ exitCode: 0 })
    const [first] = await drain(fifo)
    expect(first?.Attributes).toMatchObject({ MessageGroupId: 'order-7' })
    expect(first?.Attributes?.MessageDeduplicationId).not.toBe(messageId)
  })
  test('asks before it changes anything, and without a terminal requires --yes', async () => {
    await bury([{}])
    expect(await run('requeue', QUEUE)).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('--yes'),
    })
    expect(await drain(DLQ)).toHaveLength(1)
  })
  test('loses nothing if it is killed halfway and run again', async () => {
    const ids = await bury(Array.from({ length: 60 }, () => ({})))
    // The worst moment: SQS has accepted ten letters that are not deleted yet.
    const sent = (exchanges: readonly Exchange[]) =>
      exchanges.filter(({ action }) => action === 'SendMessageBatch')
    const proxy = await startHoldingProxy(
      system.env.AWS_SQS_ENDPOINT ?? '',
      (exchanges) => sent(exchanges).length === 3,
    )
    onTestFinished(() => proxy.close())
    const first = start({ AWS_SQS_ENDPOINT: proxy.url })
    const firstEnded = once(first, 'exit')
    await Promise.race([proxy.held, firstEnded])
    first.kill('SIGKILL')
    expect(await firstEnded).toEqual([null, 'SIGKILL'])
    expect(await depthOf(QUEUE)).toEqual({ visible: 30, inFlight: 0 })
    expect(await depthOf(DLQ)).toEqual({ visible: 30, inFlight: 10 })

    // What the dead process held returns after its visibility timeout, which is shortened here.
    const { answer } = proxy.exchanges.findLast(({ action }) => action === 'ReceiveMessage') as Exchange
    const Entries = answer.Messages?.map(({ ReceiptHandle }, Id) => ({
      Id: `${Id}`,
      ReceiptHandle,
      VisibilityTimeout: 0,
    }))
    const QueueUrl = await system.aws.queueUrl(DLQ)
    await system.aws.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
    expect(await once(start(), 'exit')).toEqual([0, null])
    expect(await depthOf(DLQ)).toEqual({ visible: 0, inFlight: 0 })
    const back = idsOf(await drain(QUEUE))
    expect([...new Set(back)]).toEqual(ids.sort())
    // twice: the batch that was accepted and not deleted yet
    expect(back.length - ids.length).toBeLessThanOrEqual(10)
  })

  /** Runs the command as a process. */
  function start(over: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [MAIN, 'dlq', 'requeue', QUEUE, '--yes'], {
      env: {
        ...process.env,
        ...system.env,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ...over,
      },
      stdio: 'ignore',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
})

describe('a letter of another system', () => {
  const queue = 'mail-feedback-queue'
  const letterIn = (body: string) =>
    sendToDeadLetters(system.aws, queue, { Body: body }, "not of SES's schema: mail.messageId: Required")
  beforeEach(async () => {
    for (const name of [queue, queues[queue].deadLetterQueue]) await drain(name)
  })

  test('is shown whole, found by its own type, and redriven unchanged', async () => {
    const body = JSON.stringify({ eventType: 'Bounce', mail: { destination: ['a@customers.example'] } })
    await letterIn(body)
    await letterIn('Successfully something')
    const { out } = await run('peek', queue, '--type', 'Bounce')
    expect(out).toContain('Bounce  (no id)')
    expect(out).toContain("because  not of SES's schema: mail.messageId: Required")
    expect(out).toContain('"destination":["a@customers.example"]')
    expect(await run('requeue', queue, '--type', 'Bounce', '--yes')).toMatchObject({ exitCode: 0 })
    const [back, ...others] = await drain(queue)
    expect(others).toEqual([])
    expect(back?.Body).toBe(body)
    expect(Object.keys(back?.MessageAttributes ?? {})).toEqual(['redriveCount'])
    expect((await drain(queues[queue].deadLetterQueue)).map(({ Body }) => Body)).toEqual([
      'Successfully something',
    ])
  })
  test('is not shown where it may be one of ours that carries a token', async () => {
    await letterIn(JSON.stringify({ sealedToken: 'tell-nobody' }))
    expect((await run('peek', queue)).out).not.toContain('tell-nobody')
  })
})

describe('dlq purge', () => {
  test('deletes the selection for good', async () => {
    const [keep = ''] = await bury([{ eventType: 'EVENT_CANCELLED' }, {}, {}])
    const { exitCode, out } = await run('purge', DLQ, '--type', 'TICKETS_REJECTED', '--yes')
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: `purged 2 dead letters of ${DLQ}\n` })
    expect(idsOf(await drain(DLQ))).toEqual([keep])
    expect(await drain(QUEUE)).toEqual([])
  })
})

describe('wrong usage', () => {
  test.each([
    [['peek', 'no-such-queue'], 'there is no queue no-such-queue'],
    [['peek', QUEUE, '--type', 'TICKETS_REJCTED'], 'there is no message type TICKETS_REJCTED'],
    [['purge', QUEUE, '--limit', '0', '--yes'], '--limit is 0'],
    [['requeue', QUEUE, '--limit', 'all', '--yes'], '--limit is all'],
    [['requeue'], 'queue'],
  ])('%j is refused with a sentence and exit code 2', async (args, sentence) => {
    expect(await run(...args)).toMatchObject({ exitCode: 2, error: expect.stringContaining(sentence) })
  })
  test('an unreachable broker is reported, with exit code 1', async () => {
    const away = { ...system.env, AWS_SQS_ENDPOINT: 'http://127.0.0.1:1' }
    expect(await boxoffice(away, 'dlq', 'list')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('connection refused'),
    })
  })
})

async function depthOf(queue: string) {
  const depth = await findQueueDepth(system.aws, queue)
  if (!depth) throw new Error(`no queue ${queue}`)
  return depth
}
