import { GetQueueAttributesCommand, QueueDoesNotExist } from '@aws-sdk/client-sqs'
import type { Aws } from './aws.ts'

/**
 * How many messages stand in a queue, as SQS estimates it: `visible` wait to be taken, `inFlight` are being
 * worked on.
 */
export interface QueueDepth {
  visible: number
  inFlight: number
}

/** The depth of a queue or dead-letter queue of the topology; null when there is no such queue. */
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
