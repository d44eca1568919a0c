import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { findQueueDepth } from '@boxoffice/messaging'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boxoffice, startSystem } from './system.ts'

const QUEUE = 'payment-processing-queue'
let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem()
  const QueueUrl = await system.aws.queueUrl(QUEUE)
  for (const MessageBody of ['one', 'two', 'three'])
    await system.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
})
afterAll(() => system.close())

const depth = () => findQueueDepth(system.aws, QUEUE)
const purge = (...args: string[]) => boxoffice(system.env, 'queue', 'purge', QUEUE, ...args)

test('a live queue is not purged until its name is typed again', async () => {
  const unasked = await purge()
  expect(unasked).toMatchObject({ exitCode: 2, out: '' })
  expect(unasked.error).toContain(
    `${QUEUE} is live: about 3 messages wait in it, 0 are in progress. Pass --confirm ${QUEUE}`,
  )
  const another = await purge('--confirm', 'notification-queue')
  expect(another).toMatchObject({ exitCode: 2, out: '' })
  expect(another.error).toContain('--confirm says notification-queue: nothing was changed')
  expect(await depth()).toEqual({ visible: 3, inFlight: 0 })
})

test('then it is purged; an unknown queue is refused', async () => {
  expect(await purge('--confirm', QUEUE, '--json')).toEqual({
    exitCode: 0,
    out: `${JSON.stringify({ queue: QUEUE, purged: 3 }, null, 2)}\n`,
    error: '',
  })
  await until(async () => expect(await depth()).toEqual({ visible: 0, inFlight: 0 }))
  expect(await boxoffice(system.env, 'queue', 'purge', 'my-queue')).toMatchObject({ exitCode: 2, out: '' })
})
