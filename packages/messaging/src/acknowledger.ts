import { DeleteMessageBatchCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import type { Logger } from '@boxoffice/service-kit'
import { aboutMessage } from './about.ts'
import type { Aws } from './aws.ts'

const NOT_ACKNOWLEDGED = 'messages were handled but not acknowledged, will be received again'

/**
 * Acknowledges in batches of up to ten, at most 20 ms late. A second delivery is cheap: the inbox finds it.
 */
export function createAcknowledger(aws: Aws, queue: QueueName, logger: Logger) {
  let waiting: { message: SqsMessage; done: () => void }[] = []
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<unknown> = Promise.resolve()

  async function send(batch: typeof waiting): Promise<void> {
    try {
      const { Failed = [] } = await aws.sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: await aws.queueUrl(queue),
          Entries: batch.map(({ message }, index) => ({
            Id: String(index),
            ReceiptHandle: message.ReceiptHandle,
          })),
        }),
      )
      const failed = Failed.flatMap(({ Id }) => batch[Number(Id)]?.message ?? [])
      if (failed.length > 0)
        logger.warn({ queue, messages: failed.map((message) => aboutMessage(message)) }, NOT_ACKNOWLEDGED)
    } catch (error) {
      const messages = batch.map(({ message }) => aboutMessage(message))
      logger.warn({ err: error, queue, messages }, NOT_ACKNOWLEDGED)
    }
    for (const { done } of batch) done()
  }

  function flush(): Promise<unknown> {
    clearTimeout(timer)
    timer = undefined
    while (waiting.length > 0) {
      const batch = waiting.slice(0, 10)
      waiting = waiting.slice(10)
      flushing = Promise.all([flushing, send(batch)])
    }
    return flushing
  }

  const acknowledge = (message: SqsMessage) =>
    new Promise<void>((resolve) => {
      waiting.push({ message, done: resolve })
      if (waiting.length >= 10) void flush()
      else timer ??= setTimeout(() => void flush(), 20)
    })
  return Object.assign(acknowledge, { flush })
}
