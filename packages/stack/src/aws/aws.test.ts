import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { claimPort, createChildren, until } from '@boxoffice/testing'
import { afterEach, expect, test } from 'vitest'
import { messagingEnvironmentOf } from '../environment.ts'
import { programArguments } from '../programs/program.ts'

const children = createChildren()
const folders: string[] = []
afterEach(async () => {
  await children.end()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const start = (port: number, dataDir: string): Promise<ChildProcess> =>
  children.start(programArguments(path.join(import.meta.dirname, 'main.ts')), {
    ...process.env,
    ...messagingEnvironmentOf({ aws: `http://127.0.0.1:${port}` }),
    PORT: String(port),
    DATA_DIR: dataDir,
  })

const sqs = async (port: number, action: string, body: object) => {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
    body: JSON.stringify(body),
  })
  return response.json() as Promise<{
    QueueUrl: string
    Messages?: { Body: string; ReceiptHandle: string }[]
  }>
}

test('messages survive a SIGKILL, even if the port changes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-aws-'))
  folders.push(folder)
  const before = await claimPort()
  const first = await start(before, folder)
  const { QueueUrl } = await sqs(before, 'CreateQueue', { QueueName: 'orders' })
  const bodies = Array.from({ length: 50 }, (_, index) => `message ${index}`)
  for (const MessageBody of bodies.slice(0, 20)) await sqs(before, 'SendMessage', { QueueUrl, MessageBody })
  for (const from of [20, 30, 40]) {
    const Entries = bodies
      .slice(from, from + 10)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody }))
    await sqs(before, 'SendMessageBatch', { QueueUrl, Entries })
  }
  await children.kill(first)

  const after = await claimPort()
  await start(after, folder)
  const { QueueUrl: found } = await sqs(after, 'GetQueueUrl', { QueueName: 'orders' })
  const received: string[] = []
  await until(async () => {
    const { Messages = [] } = await sqs(after, 'ReceiveMessage', { QueueUrl: found, MaxNumberOfMessages: 10 })
    received.push(...Messages.map((message) => message.Body))
    expect(received).toHaveLength(bodies.length)
  })
  expect(received.sort()).toEqual(bodies.sort())
  expect(new URL(found).port).toBe(String(after))
})

test('a released message is delivered to the next receiver', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-aws-'))
  folders.push(folder)
  const port = await claimPort()
  await start(port, folder)
  const { QueueUrl } = await sqs(port, 'CreateQueue', { QueueName: 'orders' })
  await sqs(port, 'SendMessage', { QueueUrl, MessageBody: 'looked at' })
  for (let times = 0; times < 2; times++) {
    const { Messages: [message] = [] } = await sqs(port, 'ReceiveMessage', { QueueUrl })
    expect(message?.Body).toBe('looked at')
    await sqs(port, 'ChangeMessageVisibility', {
      QueueUrl,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    })
  }
})

test('it ends with its supervisor', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-aws-'))
  folders.push(folder)
  const child = await start(await claimPort(), folder)
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([0, null])
})
