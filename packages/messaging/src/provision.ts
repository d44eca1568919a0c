import {
  CreateTopicCommand,
  paginateListSubscriptionsByTopic,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import { CreateQueueCommand, QueueNameExists, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import {
  isFifo,
  type Queue,
  queueNames,
  queues,
  retention,
  type Subscription,
  topics,
} from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

const DAY_S = 86_400
/** Attributes of a new FIFO queue. The local stand-in never changes them later and honors only the first. */
const inGroups = {
  FifoQueue: 'true',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
}

/** Creates or updates every topic, queue, dead-letter queue and subscription of the topology. */
export async function provision(aws: Aws): Promise<void> {
  await Promise.all(topics.map((topic) => createTopic(aws, topic)))
  await Promise.all(
    queueNames.map(async (name) => {
      const queue: Queue = queues[name]
      await createQueue(aws, queue.deadLetterQueue, {
        MessageRetentionPeriod: String(retention.deadLetterDays * DAY_S),
      })
      await createQueue(aws, name, {
        MessageRetentionPeriod: String(retention.queueDays * DAY_S),
        VisibilityTimeout: String(queue.visibilitySeconds),
        ReceiveMessageWaitTimeSeconds: String(Math.floor(aws.config.waitSeconds)),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: aws.queueArn(queue.deadLetterQueue),
          maxReceiveCount: queue.maxReceives,
        }),
      })
      for (const subscription of queue.subscriptions) await subscribe(aws, name, subscription)
    }),
  )
}

const createTopic = (aws: Aws, topic: string) =>
  aws.sns.send(
    new CreateTopicCommand({
      Name: aws.config.prefix + topic,
      ...(isFifo(topic) && { Attributes: { FifoTopic: 'true' } }),
    }),
  )

async function createQueue(aws: Aws, name: string, attributes: Record<string, string>): Promise<void> {
  const QueueName = aws.config.prefix + name
  const Attributes = { ...attributes, ...(isFifo(name) && inGroups) }
  try {
    await aws.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))
  } catch (error) {
    if (!(error instanceof QueueNameExists)) throw error
    await aws.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: await aws.queueUrl(name), Attributes: attributes }),
    )
  }
}

/** Creates or updates the raw subscription of a queue to its messages of a topic. */
export async function subscribe(aws: Aws, queue: string, { topic, eventTypes }: Subscription): Promise<void> {
  const target = { TopicArn: aws.topicArn(topic), Protocol: 'sqs', Endpoint: aws.queueArn(queue) }
  const attributes = {
    RawMessageDelivery: 'true',
    FilterPolicy: eventTypes ? JSON.stringify({ eventType: eventTypes }) : '{}',
  }
  const SubscriptionArn = await findSubscription(aws, target)
  if (!SubscriptionArn) {
    await aws.sns.send(new SubscribeCommand({ ...target, Attributes: attributes }))
    return
  }
  // SNS refuses a second subscription with other attributes.
  for (const [AttributeName, AttributeValue] of Object.entries(attributes)) {
    await aws.sns.send(
      new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }),
    )
  }
}

async function findSubscription(
  aws: Aws,
  target: { TopicArn: string; Endpoint: string },
): Promise<string | null> {
  for await (const page of paginateListSubscriptionsByTopic(
    { client: aws.sns },
    { TopicArn: target.TopicArn },
  )) {
    const found = page.Subscriptions?.find(({ Endpoint }) => Endpoint === target.Endpoint)
    if (found?.SubscriptionArn) return found.SubscriptionArn
  }
  return null
}
