import { ChangeMessageVisibilityBatchCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import type { Logger } from '@boxoffice/service-kit'
import { aboutMessage } from './about.ts'
import type { Aws } from './aws.ts'

/**
 * What one receive brought, as sequences that may go side by side: messages of one group follow each other,
 * each of the others is alone. (SQS gives several of a group at once, and none of it again before they are
 * deleted or seen again; fauxqs gives one.)
 */
export function sequencesOf(messages: readonly SqsMessage[]): SqsMessage[][] {
  const sequences = Map.groupBy(messages, (message) => message.Attributes?.MessageGroupId ?? message)
  return [...sequences.values()]
}

const LATE = 'visibility was not changed, messages will be received again later than they should be'

/** Lets messages be seen again in so many seconds; where SQS refuses that, when their visibility ends. */
export function createHiding(aws: Aws, queue: QueueName, logger: Logger) {
  return async (messages: readonly SqsMessage[], seconds: number): Promise<void> => {
    if (messages.length === 0) return
    try {
      const Entries = messages.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: seconds,
      }))
      const { Failed = [] } = await aws.sqs.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: await aws.queueUrl(queue), Entries }),
      )
      const failed = Failed.flatMap(({ Id }) => messages[Number(Id)] ?? [])
      if (failed.length > 0)
        logger.warn({ queue, seconds, messages: failed.map((message) => aboutMessage(message)) }, LATE)
    } catch (error) {
      logger.warn(
        { err: error, queue, seconds, messages: messages.map((message) => aboutMessage(message)) },
        LATE,
      )
    }
  }
}
