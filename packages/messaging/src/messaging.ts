import { GetTopicAttributesCommand } from '@aws-sdk/client-sns'
import { commandQueuesOf, type QueueName, type TopicName, topicsOf } from '@boxoffice/contracts'
import type { Foundation, HealthComponent, Tx, Worker } from '@boxoffice/service-kit'
import { type Aws, createAws } from './aws.ts'
import type { MessagingConfig } from './config.ts'
import { type Consumer, type ConsumerOptions, createConsumer } from './consumer.ts'
import { createHandlerFigures, type HandlerFiguresStore } from './handler-figures.ts'
import { createHousekeeping } from './housekeeping.ts'
import { type Append, type AppendAll, createBatchOutbox, createOutbox } from './outbox.ts'
import { findQueueDepth, type QueueDepth } from './queue-depth.ts'
import type { Subscriber } from './read-message.ts'
import { createRelay, type Relay } from './relay.ts'

/** The messaging of one service. */
export interface Messaging {
  /**
   * Writes a message into the outbox in the caller's transaction; it is published after the commit. With
   * `appendAll` the only way to publish.
   */
  append: Append
  /** Writes many messages of one kind in one statement. */
  appendAll: AppendAll
  relay: Relay
  housekeeping: Worker
  /** Creates a consumer whose effects are SQL. */
  consume(queue: QueueName, subscribers: readonly Subscriber<Tx>[]): Worker
  /**
   * Creates a consumer whose effects use another transaction, such as Prisma's, or whose messages come from
   * another system.
   */
  consumeWith<T extends Tx>(
    queue: QueueName,
    subscribers: readonly Subscriber<T>[],
    options: Pick<
      ConsumerOptions<T>,
      'db' | 'translate' | 'capacity' | 'onDuplicate' | 'together' | 'concurrency'
    >,
  ): Worker
  /** The queues that are consumed here, and whether each consumer is running. */
  consumed(): readonly { readonly queue: QueueName; readonly running: boolean }[]
  /** The outcomes of handled messages. */
  handlers: HandlerFiguresStore
  /** Returns the depth of any queue of the topology; null if there is no such queue. */
  queueDepth(queue: string): Promise<QueueDepth | null>
  health: HealthComponent
  close(): void
}

export function createMessaging(foundation: Foundation, config: MessagingConfig): Messaging {
  const { db, logger, metrics, crashAt, leaseMs } = foundation
  const aws = createAws(config)
  const topics = topicsOf(foundation.identity.name)
  const relay = createRelay({ db, aws, logger, metrics, crashAt, leaseMs })
  const outbox = { ...foundation, relay, topics: [...topics, ...commandQueuesOf(foundation.identity.name)] }
  const handlers = createHandlerFigures(foundation.now)
  const consumers = new Map<QueueName, Consumer>()
  const consumeWith: Messaging['consumeWith'] = (queue, subscribers, options) => {
    const consumer = createConsumer({
      queue,
      subscribers,
      ...options,
      aws,
      logger,
      metrics,
      figures: handlers,
      crashAt,
    })
    consumers.set(queue, consumer)
    return consumer
  }
  return {
    append: createOutbox(outbox),
    appendAll: createBatchOutbox(outbox),
    relay,
    housekeeping: createHousekeeping({ db, logger, metrics }),
    consume: (queue, subscribers) => consumeWith(queue, subscribers, { db }),
    consumeWith,
    consumed: () => [...consumers].map(([queue, consumer]) => ({ queue, running: consumer.isRunning() })),
    handlers,
    queueDepth: (queue) => findQueueDepth(aws, queue),
    // Not required: while SNS is down the outbox keeps messages, and the service stays in rotation.
    health: { required: false, check: () => checkTopic(aws, topics) },
    close: aws.close,
  }
}

/** Checks a topic of this service: it has no permission for others. */
async function checkTopic(aws: Aws, [topic]: readonly TopicName[]): Promise<void> {
  if (topic) await aws.sns.send(new GetTopicAttributesCommand({ TopicArn: aws.topicArn(topic) }))
}
