import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs'
import { isFifo, MESSAGE_BATCH_MAX, type QueueName, queues } from '@boxoffice/contracts'
import type { Aws } from './aws.ts'
import { deadLetterAttributes, redriveCountAttribute } from './dead-letters.ts'
import { bytesOf, inBatches } from './message-size.ts'

/** A message received from a dead-letter queue; it is invisible to others for `HELD_SECONDS`. */
export interface DeadLetter {
  /** The id in the envelope; null if the body is not one of our messages. */
  readonly messageId: string | null
  readonly eventType: string
  /** The reason given by the consumer; null if the message was received too often without success. */
  readonly reason: string | null
  readonly sentAt: Date
  /** How often it was redriven to its queue. */
  readonly redrives: number
  readonly body: string
  readonly sqs: SqsMessage
}

const HELD_SECONDS = 30

/**
 * Yields the letters of a queue's dead-letter queue in batches of up to ten, each letter once. It holds them;
 * release those that stay with `releaseLetters`. Ends when nothing new arrives.
 */
export async function* readLetters(aws: Aws, queue: QueueName): AsyncGenerator<DeadLetter[]> {
  const QueueUrl = await aws.queueUrl(queues[queue].deadLetterQueue)
  const seen = new Set<string>()
  // Two empty receives: the queue is empty. Many receives without a new letter: only those held here come
  // back.
  for (let [empty, nothingNew] = [0, 0]; empty < 2 && nothingNew < 20; ) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: HELD_SECONDS,
        WaitTimeSeconds: Math.min(1, aws.config.waitSeconds), // a short poll asks only some of SQS's servers
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
      }),
    )
    const fresh = Messages.filter(({ MessageId = '' }) => !seen.has(MessageId))
    for (const { MessageId = '' } of fresh) seen.add(MessageId)
    empty = Messages.length === 0 ? empty + 1 : 0
    nothingNew = fresh.length === 0 ? nothingNew + 1 : 0
    if (fresh.length > 0) yield fresh.map(letterOf)
  }
}

function letterOf(sqs: SqsMessage): DeadLetter {
  const body = sqs.Body ?? ''
  const envelope = envelopeOf(body)
  const text = (name: string) => sqs.MessageAttributes?.[name]?.StringValue
  return {
    messageId: envelope.messageId ?? null,
    eventType: envelope.eventType ?? text('eventType') ?? 'unknown',
    reason: text('deadLetterReason') ?? null,
    sentAt: new Date(Number(sqs.Attributes?.SentTimestamp ?? 0)),
    redrives: Number(text(redriveCountAttribute) ?? 0),
    body,
    sqs,
  }
}

function envelopeOf(body: string): { messageId?: string; eventType?: string } {
  try {
    const { messageId, eventType } = JSON.parse(body) ?? {}
    return {
      ...(typeof messageId === 'string' && { messageId }),
      ...(typeof eventType === 'string' && { eventType: eventType.slice(0, 100) }),
    }
  } catch {
    return {}
  }
}

/** Makes held letters visible to others. If SQS refuses, they become visible when the hold expires. */
export async function releaseLetters(
  aws: Aws,
  queue: QueueName,
  letters: readonly DeadLetter[],
): Promise<void> {
  const QueueUrl = await aws.queueUrl(queues[queue].deadLetterQueue)
  for (const batch of inTens(letters)) {
    const Entries = batch.map(({ sqs }, index) => ({
      Id: String(index),
      ReceiptHandle: sqs.ReceiptHandle,
      VisibilityTimeout: 0,
    }))
    await aws.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
  }
}

/** Deletes letters for good; returns those that SQS did not delete. */
export async function deleteLetters(
  aws: Aws,
  queue: QueueName,
  letters: readonly DeadLetter[],
): Promise<DeadLetter[]> {
  const QueueUrl = await aws.queueUrl(queues[queue].deadLetterQueue)
  const undeleted: DeadLetter[] = []
  for (const batch of inTens(letters)) {
    const Entries = batch.map(({ sqs }, index) => ({ Id: String(index), ReceiptHandle: sqs.ReceiptHandle }))
    const { Failed = [] } = await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
    undeleted.push(...Failed.map(({ Id }) => batch[Number(Id)] as DeadLetter))
  }
  return undeleted
}

/**
 * Redrives letters: sends them to the queue they came from, with their attributes and `redriveCount` plus
 * one, then deletes those that SQS accepted. If the process dies in between a letter exists twice, which the
 * inbox handles; none is lost.
 */
export async function requeueLetters(aws: Aws, queue: QueueName, letters: readonly DeadLetter[]) {
  const QueueUrl = await aws.queueUrl(queue)
  const accepted: DeadLetter[] = []
  const refused: { letter: DeadLetter; why: string }[] = []
  for (const batch of inBatches(letters, MESSAGE_BATCH_MAX, sizeOf)) {
    const Entries = batch.map((letter, index) => entryOf(letter, index, queue))
    const { Successful = [], Failed = [] } = await aws.sqs.send(
      new SendMessageBatchCommand({ QueueUrl, Entries }),
    )
    accepted.push(...Successful.map(({ Id }) => batch[Number(Id)] as DeadLetter))
    refused.push(
      ...Failed.map(({ Id, Message, Code }) => ({
        letter: batch[Number(Id)] as DeadLetter,
        why: Message ?? Code ?? 'refused',
      })),
    )
  }
  return { accepted, refused, undeleted: await deleteLetters(aws, queue, accepted) }
}

function entryOf({ body, redrives, sqs }: DeadLetter, index: number, queue: QueueName) {
  const kept = Object.entries(sqs.MessageAttributes ?? {}).filter(
    ([name]) => !deadLetterAttributes.includes(name),
  )
  const count = { DataType: 'Number', StringValue: String(redrives + 1) }
  return {
    Id: String(index),
    MessageBody: body,
    MessageAttributes: Object.fromEntries([...kept.map(plain), [redriveCountAttribute, count]]),
    // A new deduplication id: with the old one SQS would accept the message and drop it.
    ...(isFifo(queue) && {
      MessageGroupId: sqs.Attributes?.MessageGroupId ?? 'dead',
      MessageDeduplicationId: crypto.randomUUID(),
    }),
  }
}

const plain = ([name, { DataType, StringValue, BinaryValue }]: [string, MessageAttributeValue]) => [
  name,
  {
    DataType,
    ...(StringValue !== undefined && { StringValue }),
    ...(BinaryValue !== undefined && { BinaryValue }),
  },
]

function inTens<T>(things: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(things.length / 10) }, (_, index) =>
    things.slice(index * 10, index * 10 + 10),
  )
}

/** The attributes grow by the redrive count. */
const sizeOf = ({ body, sqs }: DeadLetter) => {
  const attributes = Object.entries(sqs.MessageAttributes ?? {}).map(
    ([name, { StringValue = '' }]): [string, string] => [name, StringValue],
  )
  return bytesOf({ body, attributes: { ...Object.fromEntries(attributes), [redriveCountAttribute]: '1000' } })
}
