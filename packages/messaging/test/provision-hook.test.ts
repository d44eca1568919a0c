import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
} from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { queueNames, queues, type Subscription, topics } from '@boxoffice/contracts'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Aws, createAws } from '../src/aws.ts'
import { provision } from '../src/provision.ts'
import { HOOK_FILE, provisionHook } from '../src/provision-hook.ts'
import { startAwslocal } from './awslocal.ts'

const file = path.join(import.meta.dirname, '../../..', HOOK_FILE)
const awsWith = (prefix: string): Aws =>
  createAws({
    region: 'us-east-1',
    accountId: '000000000000',
    snsEndpoint: inject('awsEndpoint'),
    sqsEndpoint: inject('awsEndpoint'),
    prefix,
    waitSeconds: 2,
  })
const id = randomUUID().slice(0, 8)
const [byHook, byProvision] = [awsWith(`h${id}-`), awsWith(`p${id}-`)]
const environment = {
  MESSAGING_PREFIX: `h${id}-`,
  SQS_WAIT_SECONDS: '2',
  FROM_EMAIL_ADDRESS: 'tickets@boxoffice.example',
}
let awslocal: Awaited<ReturnType<typeof startAwslocal>>
beforeAll(async () => {
  awslocal = await startAwslocal(byHook)
  await provision(byProvision)
})
afterAll(async () => {
  await awslocal.stop()
  byHook.close()
  byProvision.close()
})

/** All attributes of the topology's resources, without the prefix and those that are always unique. */
async function everything(aws: Aws) {
  const plain = (attributes: Record<string, string> = {}) => {
    const { CreatedTimestamp: _, LastModifiedTimestamp: __, SubscriptionArn: ___, ...rest } = attributes
    return JSON.parse(JSON.stringify(rest).replaceAll(aws.config.prefix, ''))
  }
  const found: Record<string, unknown> = {}
  for (const topic of topics) {
    const TopicArn = aws.topicArn(topic)
    found[`topic ${topic}`] = plain(
      (await aws.sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes,
    )
    const { Subscriptions = [] } = await aws.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))
    for (const { SubscriptionArn, Endpoint } of Subscriptions) {
      const { Attributes } = await aws.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))
      const name = `topic ${topic} to ${Endpoint?.replace(aws.config.prefix, '')}`
      expect(found, 'subscribed once').not.toHaveProperty([name])
      found[name] = plain(Attributes)
    }
  }
  for (const name of queueNames.flatMap((queue) => [queue, queues[queue].deadLetterQueue])) {
    const command = new GetQueueAttributesCommand({
      QueueUrl: await aws.queueUrl(name),
      AttributeNames: ['All'],
    })
    found[`queue ${name}`] = plain((await aws.sqs.send(command)).Attributes)
  }
  return found
}

test('the committed hook equals the generated one, and is executable', () => {
  expect(readFileSync(file, 'utf8'), 'npm run localstack:hooks').toBe(provisionHook())
  expect(statSync(file).mode & 0o111).toBe(0o111)
})

test('the hook creates what provision creates, attribute by attribute, and repairs changes', async () => {
  expect(await awslocal.run(file, environment)).toEqual({ code: 0, stderr: '' })
  const expected = await everything(byProvision)
  const subscriptions = queueNames.flatMap(
    (name) => queues[name].subscriptions as readonly Subscription[],
  ).length
  expect(Object.keys(expected)).toHaveLength(topics.length + subscriptions + 2 * queueNames.length)
  expect(await everything(byHook)).toEqual(expected)
  expect(awslocal.asked).toContainEqual([
    'ses verify-email-identity',
    '--email-address',
    'tickets@boxoffice.example',
  ])

  const QueueUrl = await byHook.queueUrl('order-commands.fifo')
  await byHook.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '7' } }))
  const { Subscriptions } = await byHook.sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn: byHook.topicArn('event-events') }),
  )
  for (const { SubscriptionArn } of Subscriptions ?? []) {
    const change = { AttributeName: 'FilterPolicy', AttributeValue: '{"eventType":["EVENT_CREATED"]}' }
    await byHook.sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, ...change }))
  }
  expect(await everything(byHook)).not.toEqual(expected)
  expect((await awslocal.run(file, environment)).code).toBe(0)
  expect(await everything(byHook)).toEqual(expected)
})

test('a failing call ends the hook, so that LocalStack reports it', async () => {
  const wrong = await awslocal.run(file, { ...environment, MESSAGING_PREFIX: 'no good name ' })
  expect(wrong.code).toBeGreaterThan(0)
  expect(wrong.stderr).not.toBe('')
})
