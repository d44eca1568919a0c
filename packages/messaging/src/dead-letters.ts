import { SendMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type QueueName, queues } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'

/** How often a message was put back on its queue: the guard against loops. Kept through every death. */
export const redriveCountAttribute = 'redriveCount'
/** What a dead letter says of its death; it goes when the message is put back. */
export const deadLetterAttributes: readonly string[] = [
  'deadLetterReason',
  'deadLetterSource',
  redriveCountAttribute,
]

/**
 * Send a message as it came to its queue's dead-letter queue, with the reason and where it comes from as
 * attributes.
 */
export async function sendToDeadLetters(
  aws: Aws,
  queue: QueueName,
  message: SqsMessage,
  reason: string,
): Promise<void> {
  const { deadLetterQueue } = queues[queue]
  const text = (value: string) => ({ DataType: 'String', StringValue: value })
  // SQS takes ten attributes: ours come first, what was there fills the rest.
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
