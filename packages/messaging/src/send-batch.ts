import { PublishBatchCommand } from '@aws-sdk/client-sns'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { type Destination, isCommandQueue } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

/** An entry of a batch for SNS or SQS (at most ten); `attributes` travel beside the body. */
export interface Entry {
  /** Its index in the batch, by which the response names it. */
  readonly id: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  /**
   * For a FIFO topic or queue: messages of one group keep their order, and a deduplication id is accepted
   * once within five minutes.
   */
  readonly group?: { readonly id: string; readonly deduplicationId: string }
}

/** The result by entry id; `code` and `message` say why an entry was refused. */
export interface Sent {
  readonly accepted: ReadonlySet<string>
  readonly refused: readonly { id: string; code?: string; message?: string }[]
}

/**
 * Sends a batch to a topic or straight to a command queue. Body and attributes are the same either way, since
 * topics deliver raw. Rejects if the outcome is unknown.
 */
export async function sendBatch(
  aws: Aws,
  destination: Destination,
  entries: readonly Entry[],
): Promise<Sent> {
  const { Successful = [], Failed = [] } = isCommandQueue(destination)
    ? await aws.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: await aws.queueUrl(destination),
          Entries: entries.map((entry) => ({ ...sharedOf(entry), MessageBody: entry.body })),
        }),
      )
    : await aws.sns.send(
        new PublishBatchCommand({
          TopicArn: aws.topicArn(destination),
          PublishBatchRequestEntries: entries.map((entry) => ({ ...sharedOf(entry), Message: entry.body })),
        }),
      )
  return {
    accepted: new Set(Successful.map(({ Id = '' }) => Id)),
    refused: Failed.map(({ Id = '', Code, Message }) => ({ id: Id, code: Code, message: Message })),
  }
}

const sharedOf = ({ id, attributes, group }: Entry) => ({
  Id: id,
  MessageAttributes: Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  ),
  ...(group && { MessageGroupId: group.id, MessageDeduplicationId: group.deduplicationId }),
})
