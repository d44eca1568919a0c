import { SendMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type QueueName, queues } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

/** Send a message as it came to its queue's dead-letter queue, with the reason and where it comes from as attributes. */
export async function sendToDeadLetters(aws: Aws, queue: QueueName, message: SqsMessage, reason: string): Promise<void> {
  const { deadLetterQueue } = queues[queue]
  const text = (value: string) => ({ DataType: 'String', StringValue: value })
  // SQS takes ten attributes: ours come first, what was there fills the rest.
  const attributes = Object.entries(message.MessageAttributes ?? {}).slice(0, 8)
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
