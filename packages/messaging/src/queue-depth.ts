import { GetQueueAttributesCommand, QueueDoesNotExist } from '@aws-sdk/client-sqs'
import type { Aws } from './aws.ts'

/**
 * The number of messages in a queue, as estimated by SQS: `visible` ones wait, `inFlight` ones are being
 * handled.
 */
export interface QueueDepth {
  visible: number
  inFlight: number
}

/** Returns the depth of a queue or dead-letter queue of the topology; null if there is no such queue. */
export async function findQueueDepth(aws: Aws, queue: string): Promise<QueueDepth | null> {
  try {
    const { Attributes = {} } = await aws.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: await aws.queueUrl(queue),
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    }
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return null
    throw error
  }
}
