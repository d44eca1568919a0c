import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import type { Aws } from '@boxoffice/messaging'

const HELD_SECONDS = 60
const BATCH = 10

/**
 * Shuffles the waiting messages of a queue, as SQS may: redelivers them in another order, some of them
 * repeatedly. Loses none: all are sent before any is deleted. Returns how many there were, and how many more
 * there are now.
 */
export async function shuffleQueue(
  aws: Aws,
  queue: QueueName,
  random: () => number,
): Promise<{ reordered: number; repeated: number }> {
  const QueueUrl = await aws.queueUrl(queue)
  const held: Message[] = []
  for (let empty = 0; empty < 3; ) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: HELD_SECONDS,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ['All'],
      }),
    )
    empty = Messages.length === 0 ? empty + 1 : 0
    held.push(...Messages)
  }
  const again = held.flatMap((message) => (random() < 0.4 ? [message, message] : []))
  const shuffled = [...held.toReversed(), ...again]
    .map((message) => ({ message, place: random() }))
    .sort((a, b) => a.place - b.place)
  for (const batch of batchesOf(shuffled)) {
    const Entries = batch.map(({ message: { Body, MessageAttributes } }, index) => ({
      Id: String(index),
      MessageBody: Body,
      MessageAttributes,
    }))
    await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  }
  for (const batch of batchesOf(held)) {
    const Entries = batch.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  }
  return { reordered: held.length, repeated: again.length }
}

const batchesOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
    all.slice(index * BATCH, (index + 1) * BATCH),
  )
