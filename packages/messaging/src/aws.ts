import { SNSClient } from '@aws-sdk/client-sns'
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { TopicName } from '@boxoffice/contracts'
import type { MessagingConfig } from './config.ts'

const CONNECT_TIMEOUT_MS = 5_000
export const SNS_TIMEOUT_MS = 10_000
export const SQS_TIMEOUT_MS = 30_000 // longer than the longest poll, 20 s

/** Clients of SNS and SQS, with the addresses of our topics and queues. */
export interface Aws {
  readonly sns: SNSClient
  readonly sqs: SQSClient
  readonly config: MessagingConfig
  topicArn(topic: TopicName): string
  queueArn(queue: string): string
  queueUrl(queue: string): Promise<string>
  close(): void
}

export function createAws(config: MessagingConfig): Aws {
  const shared = { region: config.region, maxAttempts: 3 }
  const handlerOf = (requestTimeout: number) => ({
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout },
  })
  const sns = new SNSClient({
    ...shared,
    ...handlerOf(SNS_TIMEOUT_MS),
    ...(config.snsEndpoint && { endpoint: config.snsEndpoint }),
  })
  const sqs = new SQSClient({
    ...shared,
    ...handlerOf(SQS_TIMEOUT_MS),
    ...(config.sqsEndpoint && { endpoint: config.sqsEndpoint }),
  })
  const urls = new Map<string, string>()
  return {
    sns,
    sqs,
    config,
    topicArn: (topic) => `arn:aws:sns:${config.region}:${config.accountId}:${config.prefix}${topic}`,
    queueArn: (queue) => `arn:aws:sqs:${config.region}:${config.accountId}:${config.prefix}${queue}`,
    async queueUrl(queue) {
      const known = urls.get(queue)
      if (known) return known
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: config.prefix + queue }))
      if (!QueueUrl) throw new Error(`SQS returned no URL for ${queue}`)
      urls.set(queue, QueueUrl)
      return QueueUrl
    },
    close() {
      sns.destroy()
      sqs.destroy()
    },
  }
}
