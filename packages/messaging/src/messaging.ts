import { ListTopicsCommand } from '@aws-sdk/client-sns'
import type { QueueName } from '@boxoffice/contracts'
import { type Foundation, type HealthComponent, type Transact, type Tx, transact, type Worker } from '@boxoffice/service-kit'
import { createAws } from './aws.ts'
import type { MessagingConfig } from './config.ts'
import { type ConsumerOptions, createConsumer, type Subscriber } from './consumer.ts'
import { createHandlerFigures, type FiguresOfHandlers } from './handler-figures.ts'
import { createHousekeeping } from './housekeeping.ts'
import { type Append, createOutbox } from './outbox.ts'
import { findQueueDepth, type QueueDepth } from './queue-depth.ts'
import { createRelay, type Relay } from './relay.ts'

/** A service's part in messaging. */
export interface Messaging {
  /** Write a message into the outbox, in the caller's transaction. The only way to publish. */
  append: Append
  /** A transaction of the pool; after its commit the relay is told to look. */
  transact: Transact
  relay: Relay
  housekeeping: Worker
  /** A consumer whose effects are SQL. */
  consume(queue: QueueName, subscribers: readonly Subscriber<Tx>[]): Worker
  /** A consumer whose effects take another transaction, such as Prisma's. */
  consumeWith<T>(
    queue: QueueName,
    subscribers: readonly Subscriber<T>[],
    transaction: Pick<ConsumerOptions<T>, 'transact' | 'sqlOf'>,
  ): Worker
  /** The queues that have a consumer here. */
  consumed(): readonly QueueName[]
  /** What became of the messages that were taken. */
  handlers: FiguresOfHandlers
  /** The depth of any queue of the topology; null when there is no such queue. */
  queueDepth(queue: string): Promise<QueueDepth | null>
  health: HealthComponent
  close(): void
}

export function createMessaging(foundation: Foundation, config: MessagingConfig): Messaging {
  const { pool, logger, metrics, crashAt } = foundation
  const aws = createAws(config)
  const relay = createRelay({ pool, aws, logger, metrics, crashAt })
  const inTransaction: Transact = async (work) => {
    const result = await transact(pool, work)
    relay.nudge()
    return result
  }
  const handlers = createHandlerFigures(foundation.now)
  const consumed: QueueName[] = []
  const consumeWith: Messaging['consumeWith'] = (queue, subscribers, transaction) => {
    consumed.push(queue)
    return createConsumer({
      queue,
      subscribers,
      ...transaction,
      aws,
      logger,
      metrics,
      figures: handlers,
      crashAt,
      afterCommit: relay.nudge,
    })
  }
  return {
    append: createOutbox(foundation),
    transact: inTransaction,
    relay,
    housekeeping: createHousekeeping({ pool, logger, metrics }),
    consume: (queue, subscribers) =>
      consumeWith(queue, subscribers, { transact: (work) => transact(pool, work), sqlOf: (tx) => tx }),
    consumeWith,
    consumed: () => consumed,
    handlers,
    queueDepth: (queue) => findQueueDepth(aws, queue),
    // Without it the outbox fills and nothing is lost: the service stays in rotation.
    health: { required: false, check: () => aws.sns.send(new ListTopicsCommand({})) },
    close: aws.close,
  }
}
