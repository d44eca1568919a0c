import { PublishCommand } from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import {
  isFifo,
  type Message,
  type MessageDefinition,
  messages,
  type QueueName,
  type TopicName,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { z } from 'zod'
import type { Aws } from './aws.ts'
import { subscribe } from './provision.ts'

/** Publishes a body as another system would, without our envelope and attributes. */
export async function publishRaw(aws: Aws, topic: TopicName, body: string): Promise<void> {
  await aws.sns.send(new PublishCommand({ TopicArn: aws.topicArn(topic), Message: body }))
}

/** Sets the seconds after which an unacknowledged message is received again. */
export async function setVisibility(aws: Aws, queue: QueueName, seconds: number): Promise<void> {
  const Attributes = { VisibilityTimeout: String(seconds) }
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: await aws.queueUrl(queue), Attributes }))
}

/** Records everything that is published to these topics from now on. */
export async function createProbe(aws: Aws, topics: readonly TopicName[]) {
  const name = `probe-${crypto.randomUUID()}`
  await aws.sqs.send(new CreateQueueCommand({ QueueName: aws.config.prefix + name }))
  for (const topic of topics.filter((topic) => !isFifo(topic))) await subscribe(aws, name, { topic })
  const QueueUrl = await aws.queueUrl(name)
  const received: Message<MessageDefinition>[] = []
  const closing = new AbortController()

  /**
   * Receives messages; null once the probe is closing, so that an aborted poll cannot take messages that are
   * still needed.
   */
  async function poll() {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 })
    try {
      return (await aws.sqs.send(receive, { abortSignal: closing.signal })).Messages ?? []
    } catch (error) {
      if (closing.signal.aborted) return null
      throw error
    }
  }

  async function listen(): Promise<void> {
    for (let Messages = await poll(); Messages; Messages = await poll()) {
      for (const { Body = '' } of Messages) {
        const json = JSON.parse(Body)
        const definition = messages.get(json.eventType)
        if (!definition) throw new Error(`the probe received an unknown ${json.eventType}`)
        received.push(z.decode(definition.schema as z.ZodType, json) as Message<MessageDefinition>)
      }
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      if (Entries.length > 0) await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
    }
  }
  const listening = listen()
  const receivedOf = <D extends MessageDefinition>(definition: D) =>
    received.filter(({ eventType }) => eventType === definition.eventType) as Message<D>[]

  return {
    /** Returns the messages of a definition received so far. */
    received: receivedOf,
    /** Resolves with the first message of a definition that `matches`. */
    waitFor: <D extends MessageDefinition>(
      definition: D,
      matches: (message: Message<D>) => boolean = () => true,
    ) =>
      until(() => {
        const found = receivedOf(definition).find(matches)
        if (!found)
          throw new Error(
            `no such ${definition.eventType}; received: ` +
              `${received.map(({ eventType }) => eventType).join(', ')}`,
          )
        return found
      }) as Promise<Message<D>>,
    async close() {
      closing.abort()
      await listening
      await aws.sqs.send(new DeleteQueueCommand({ QueueUrl }))
    },
  }
}
export type Probe = Awaited<ReturnType<typeof createProbe>>
