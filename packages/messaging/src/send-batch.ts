import { PublishBatchCommand } from '@aws-sdk/client-sns'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { type Destination, isCommandQueue } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

/** A message as SNS and SQS take it: at most ten of one batch, with `attributes` beside the body. */
export interface Entry {
  /** Its place in the batch, by which the answer names it. */
  readonly id: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  /**
   * Of a FIFO topic or queue: messages of one group keep their order, and one id is taken once within five
   * minutes.
   */
  readonly group?: { readonly id: string; readonly deduplicationId: string }
}

/** By the entries' ids; `code` and `message` say why one was refused. */
export interface Sent {
  readonly accepted: ReadonlySet<string>
  readonly refused: readonly { id: string; code?: string; message?: string }[]
}

/**
 * Send a batch where it goes: to a topic, or straight to a command queue. A message has the same body and
 * attributes either way, since topics deliver raw. Rejects where nothing is known of what became of it.
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
