import {
  isFifo,
  longPollSeconds,
  type Queue,
  type QueueName,
  queues,
  retention,
  type TopicName,
} from '@boxoffice/contracts'
import {
  Duration,
  type aws_kms as kms,
  aws_sns as sns,
  aws_sqs as sqs,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../environments.ts'
import { idOf, prefixOf, queueArn } from '../names.ts'

interface MessageQueueProps {
  environment: EnvironmentDefinition
  name: QueueName
  topics: Readonly<Record<TopicName, sns.ITopic>>
  key: kms.IKey
}

/** High-throughput FIFO: ordering per message group; otherwise all groups share 300 calls per second. */
const inGroups = {
  fifo: true,
  deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
} as const

/**
 * A queue of the topology with its dead-letter queue and its subscriptions. Messages that a consumer cannot
 * handle and those that SNS cannot deliver go to the same dead-letter queue, which the operators' command
 * line reads.
 */
export class MessageQueue extends Construct {
  readonly queue: sqs.Queue
  readonly deadLetterQueue: sqs.Queue

  constructor(scope: Construct, { environment, name, topics, key }: MessageQueueProps) {
    super(scope, idOf(name))
    const definition: Queue = queues[name]
    const shared = (queueName: string) => ({
      queueName: prefixOf(environment.name) + queueName,
      ...(isFifo(queueName) && inGroups),
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: key,
      dataKeyReuse: Duration.hours(1),
      enforceSSL: true,
    })
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetters', {
      ...shared(definition.deadLetterQueue),
      retentionPeriod: Duration.days(retention.deadLetterDays),
      // By name, because the queue and the dead-letter queue refer to each other.
      redriveAllowPolicy: {
        sourceQueues: [sqs.Queue.fromQueueArn(this, 'Source', queueArn(environment.name, name))],
      },
    })
    this.queue = new sqs.Queue(this, 'Queue', {
      ...shared(name),
      retentionPeriod: Duration.days(retention.queueDays),
      visibilityTimeout: Duration.seconds(definition.visibilitySeconds),
      receiveMessageWaitTime: Duration.seconds(longPollSeconds),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: definition.maxReceives },
    })
    for (const { topic, eventTypes } of definition.subscriptions) {
      topics[topic].addSubscription(
        new subscriptions.SqsSubscription(this.queue, {
          rawMessageDelivery: true,
          deadLetterQueue: this.deadLetterQueue,
          ...(eventTypes && {
            filterPolicy: { eventType: sns.SubscriptionFilter.stringFilter({ allowlist: [...eventTypes] }) },
          }),
        }),
      )
    }
  }
}
