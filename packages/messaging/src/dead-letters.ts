import { SendMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type QueueName, queues } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

/** Counts how often a message was redriven, to stop loops. Survives each dead-lettering. */
export const redriveCountAttribute = 'redriveCount'
/** The attributes of a dead letter; removed when it is redriven, except for the count. */
export const deadLetterAttributes: readonly string[] = [
  'deadLetterReason',
  'deadLetterSource',
  redriveCountAttribute,
]

/** Sends a message unchanged to its queue's dead-letter queue, with reason and source queue as attributes. */
export async function sendToDeadLetters(
  aws: Aws,
  queue: QueueName,
  message: SqsMessage,
  reason: string,
): Promise<void> {
  const { deadLetterQueue } = queues[queue]
  const text = (value: string) => ({ DataType: 'String', StringValue: value })
  // SQS accepts ten attributes: ours first, then as many of the message's as fit.
  const isCount = ([name]: [string, unknown]) => Number(name === redriveCountAttribute)
  const attributes = Object.entries(message.MessageAttributes ?? {})
    .sort((a, b) => isCount(b) - isCount(a))
    .slice(0, 8)
  await aws.sqs.send(
    new SendMessageCommand({
      QueueUrl: await aws.queueUrl(deadLetterQueue),
      MessageBody: message.Body ?? '',
      MessageAttributes: {
        ...Object.fromEntries(attributes),
        deadLetterReason: text(reason.replace(/[^\x20-\x7e]/g, '?') || 'unknown'),
        deadLetterSource: text(queue),
      },
      ...(isFifo(deadLetterQueue) && {
        MessageGroupId: message.Attributes?.MessageGroupId ?? 'dead',
        MessageDeduplicationId: crypto.randomUUID(),
      }),
    }),
  )
}
