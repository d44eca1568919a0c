import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import type { Aws } from '@boxoffice/messaging'

const KEEP = 12
const HELD_SECONDS = 60

/**
 * Stands between a queue and its consumer and makes the worst of what SQS may do: takes messages that it can get, gives them back in
 * another order, and each again and again. Nothing is lost: what is taken is sent before it is deleted.
 */
export function shuffle(aws: Aws, queue: QueueName, random: () => number) {
  const stopping = new AbortController()
  const counts = { reordered: 0, repeated: 0 }
  let held: Message[] = []

  async function take(): Promise<void> {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: await aws.queueUrl(queue),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: HELD_SECONDS,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ['All'],
      }),
    )
    held.push(...Messages.filter(({ MessageAttributes }) => MessageAttributes?.shuffled === undefined))
    await giveBack(Messages.filter(({ MessageAttributes }) => MessageAttributes?.shuffled !== undefined))
  }

  /** The last that came goes first, and every third of them three times. */
  async function giveBack(messages: readonly Message[]): Promise<void> {
    const entries = messages.toReversed().flatMap((message) => {
      const times = message.MessageAttributes?.shuffled ? 1 : random() < 0.34 ? 3 : 1
      counts.repeated += times - 1
      return Array.from({ length: times }, () => message)
    })
    if (messages.length > 1) counts.reordered += messages.length
    for (let from = 0; from < entries.length; from += 10) {
      await aws.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: await aws.queueUrl(queue),
          Entries: entries.slice(from, from + 10).map(({ Body, MessageAttributes }, index) => ({
            Id: String(index),
            MessageBody: Body,
            MessageAttributes: { ...MessageAttributes, shuffled: { DataType: 'String', StringValue: 'yes' } },
          })),
        }),
      )
    }
    for (let from = 0; from < messages.length; from += 10) {
      await aws.sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: await aws.queueUrl(queue),
          Entries: messages.slice(from, from + 10).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      )
    }
  }

  const working = (async () => {
    while (!stopping.signal.aborted) {
      await take()
      if (held.length >= KEEP) {
        await giveBack(held)
        held = []
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await giveBack(held)
  })()

  return {
    counts,
    async stop(): Promise<void> {
      stopping.abort()
      await working
    },
  }
}
