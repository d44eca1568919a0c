import { randomUUID } from 'node:crypto'
import {
  CreateTopicCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Aws, createAws } from '../src/aws.ts'

// What the emulator that these tests run on has of AWS, as the table in docs/architecture.md says: fauxqs, or
// LocalStack with STACK=docker. A row that is no longer true fails here.
let aws: Aws
let isLocalStack: boolean
beforeAll(async () => {
  const endpoint = inject('awsEndpoint')
  aws = createAws({
    region: 'us-east-1',
    accountId: '000000000000',
    snsEndpoint: endpoint,
    sqsEndpoint: endpoint,
    prefix: '',
    waitSeconds: 0,
  })
  isLocalStack = await fetch(`${endpoint}/_localstack/health`).then(
    ({ ok }) => ok,
    () => false,
  )
})
afterAll(() => aws.close())

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`
async function createQueue(attributes: Record<string, string> = {}) {
  const name = `emulator-${randomUUID().slice(0, 8)}`
  const { QueueUrl = '' } = await aws.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  )
  return { name, arn: arnOf(name), QueueUrl }
}
const receive = async (QueueUrl: string) =>
  (await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))).Messages ?? []
const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  )

test('message move tasks: LocalStack has them, fauxqs does not', async () => {
  const dead = await createQueue()
  await createQueue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }) })
  await aws.sqs.send(new SendMessageCommand({ QueueUrl: dead.QueueUrl, MessageBody: 'dead' }))
  const moved = await succeeds(aws.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn })))
  expect(moved).toBe(isLocalStack)
})

test("a subscription's dead-letter queue gets what the queue cannot: on LocalStack only", async () => {
  const [queue, dead] = [await createQueue(), await createQueue()]
  const { TopicArn = '' } = await aws.sns.send(
    new CreateTopicCommand({ Name: `emulator-${randomUUID().slice(0, 8)}` }),
  )
  const { SubscriptionArn } = await aws.sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue.arn, ReturnSubscriptionArn: true }),
  )
  const AttributeValue = JSON.stringify({ deadLetterTargetArn: dead.arn })
  await aws.sns.send(
    new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'RedrivePolicy', AttributeValue }),
  )
  await aws.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.QueueUrl }))
  await aws.sns.send(new PublishCommand({ TopicArn, Message: 'undeliverable' }))
  // LocalStack delivers in its own time, fauxqs before it answers.
  if (isLocalStack) await until(async () => (await receive(dead.QueueUrl)).length === 1)
  else expect(await receive(dead.QueueUrl)).toEqual([])
})

test('the policy of a queue keeps no one out, on either', async () => {
  const queue = await createQueue()
  const nobody = { Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: queue.arn }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [nobody] })
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.QueueUrl, Attributes: { Policy } }))
  const sent = await succeeds(
    aws.sqs.send(new SendMessageCommand({ QueueUrl: queue.QueueUrl, MessageBody: 'let in' })),
  )
  expect(sent).toBe(true)
})
