import { setTimeout as sleep } from 'node:timers/promises'
import { ReceiveMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs'
import { isFifo, type Message, type MessageDefinition } from '@boxoffice/contracts'
import type { Tx, Worker } from '@boxoffice/service-kit'
import { createReceiveHandler, type ReceiveOptions } from './handle-receive.ts'
import type { Subscriber } from './read-message.ts'
import { sequencesOf } from './sequences.ts'

/** A worker that consumes one queue. */
export interface Consumer extends Worker {
  /** Whether it is polling the queue. */
  isRunning(): boolean
}

/**
 * Subscribes to a message. Both functions run inside a transaction: they translate and call, and must not
 * touch the network.
 */
export const on = <D extends MessageDefinition, T = Tx>(
  definition: D,
  handle: (tx: T, message: Message<D>) => Promise<void>,
  whenImpossible?: (tx: T, message: Message<D>, why: string) => Promise<void>,
): Subscriber<T> => ({
  definition,
  handle: handle as Subscriber<T>['handle'],
  ...(whenImpossible && { whenImpossible: whenImpossible as Subscriber<T>['whenImpossible'] }),
})

/**
 * Subscribes to a message without any effect, where a queue also receives messages that this consumer does
 * not need (those of another version, or of a wider filter).
 */
export const ignore = (definition: MessageDefinition): Subscriber<never> => ({
  definition,
  handle: async () => {},
})

/** The capacity of work that follows the commit; the consumer never receives more than is free. */
export interface Capacity {
  free(): number
  /** Resolves when `free` has grown. */
  waitForMore(): Promise<void>
}

export interface ConsumerOptions<T extends Tx = Tx> extends ReceiveOptions<T> {
  capacity?: Capacity
  /** Messages in progress at once; by default two receives, for a FIFO queue one. */
  concurrency?: number
}

const PAUSE_MAX_MS = 5_000
/** The most that SQS returns in one receive. */
const RECEIVE_MAX = 10
/**
 * The pause after a receive that emptied the queue: larger batches gather meanwhile, which cost less each.
 */
const GATHER_MS = 100

/**
 * Creates a consumer of a queue. A message is decoded, its inbox row and effect are committed in one
 * transaction, then it is acknowledged; messages of one receive share a transaction where their order does
 * not matter. A duplicate is only acknowledged. A message that does not match its schema or can never be
 * handled goes to the dead-letter queue at once, unless its subscriber has a fallback. A failed message
 * becomes visible again after its visibility timeout or the queue's `retryAfterSeconds`; after three receives
 * SQS moves it to the dead-letter queue. Messages of one group (FIFO queues) are handled one after the other,
 * and none before a failed one that will be retried.
 */
export function createConsumer<T extends Tx>(options: ConsumerOptions<T>): Consumer {
  const { queue, logger, capacity } = options
  const receiveHandler = createReceiveHandler(options)
  const isStandard = !isFifo(queue)
  const concurrency = options.concurrency ?? (isStandard ? 2 * RECEIVE_MAX : RECEIVE_MAX)
  const inProgress = new Set<Promise<void>>()
  let messagesInProgress = 0
  let failures = 0
  const free = () => Math.min(concurrency, capacity?.free() ?? concurrency) - messagesInProgress
  let loop: Promise<void> | null = null
  let stopped = true

  async function poll(): Promise<void> {
    failures = 0
    while (!stopped) {
      try {
        while (!stopped && free() < 1)
          await Promise.race(capacity ? [...inProgress, capacity.waitForMore()] : inProgress)
        if (stopped) return
        const max = Math.min(RECEIVE_MAX, free())
        // A database that is down must not use up a message's receives.
        if (failures > 0) await options.db.transact((tx) => tx.query('select 1'))
        const messages = await receive(options, max)
        failures = 0
        for (const sequence of isStandard ? [messages] : sequencesOf(messages)) begin(sequence)
        if (isStandard && messages.length > 0 && messages.length < max) await sleep(GATHER_MS)
      } catch (error) {
        failures++
        logger.warn({ err: error, queue, failures }, 'polling failed, retrying')
        await sleep(Math.min(PAUSE_MAX_MS, 100 * 2 ** failures))
      }
    }
  }

  function begin(messages: readonly SqsMessage[]): void {
    if (messages.length === 0) return
    messagesInProgress += messages.length
    const work = receiveHandler.handle(messages).then((result) => {
      messagesInProgress -= messages.length
      inProgress.delete(work)
      if (result === 'database-down') failures++
    })
    inProgress.add(work)
  }

  return {
    name: `consumer of ${queue}`,
    isRunning: () => !stopped,
    start() {
      stopped = false
      loop = poll()
    },
    async stop() {
      // The poll in flight is not aborted: messages it has received would stay invisible until their
      // visibility timeout.
      stopped = true
      await loop
      await Promise.all(inProgress)
      await receiveHandler.flush()
    },
  }
}

async function receive<T extends Tx>({ queue, aws }: ConsumerOptions<T>, max: number): Promise<SqsMessage[]> {
  const { Messages = [] } = await aws.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: await aws.queueUrl(queue),
      MaxNumberOfMessages: max,
      WaitTimeSeconds: aws.config.waitSeconds,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
    }),
  )
  return Messages
}
