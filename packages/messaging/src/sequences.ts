import { ChangeMessageVisibilityBatchCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import type { QueueName } from '@boxoffice/contracts'
import type { Logger } from '@boxoffice/service-kit'
import { aboutMessage } from './about.ts'
import type { Aws } from './aws.ts'

/**
 * Splits one receive into sequences that may run in parallel: the messages of one group form one, each other
 * message its own. (SQS returns several of a group at once, and none of them again until they are deleted or
 * visible; fauxqs returns one.)
 */
export function sequencesOf(messages: readonly SqsMessage[]): SqsMessage[][] {
  const sequences = Map.groupBy(messages, (message) => message.Attributes?.MessageGroupId ?? message)
  return [...sequences.values()]
}

const LATE = 'visibility was not changed, messages will be received later than they should be'

/** Makes messages visible again after so many seconds; if SQS refuses, after their visibility timeout. */
export function createVisibilityChanger(aws: Aws, queue: QueueName, logger: Logger) {
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
