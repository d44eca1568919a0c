import { ListTopicsCommand } from '@aws-sdk/client-sns'
import type { QueueName } from '@boxoffice/contracts'
import { type Foundation, type HealthComponent, type Transact, type Tx, transact, type Worker } from '@boxoffice/service-kit'
import { createAws } from './aws.ts'
import type { MessagingConfig } from './config.ts'
import { type ConsumerOptions, createConsumer, type Subscriber } from './consumer.ts'
import { createHousekeeping } from './housekeeping.ts'
import { type Append, createOutbox } from './outbox.ts'
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
  const consumeWith: Messaging['consumeWith'] = (queue, subscribers, transaction) =>
    createConsumer({ queue, subscribers, ...transaction, aws, logger, metrics, crashAt, afterCommit: relay.nudge })
  return {
    append: createOutbox(foundation),
    transact: inTransaction,
    relay,
    housekeeping: createHousekeeping({ pool, logger, metrics }),
    consume: (queue, subscribers) =>
      consumeWith(queue, subscribers, { transact: (work) => transact(pool, work), sqlOf: (tx) => tx }),
    consumeWith,
    // Without it the outbox fills and nothing is lost: the service stays in rotation.
    health: { required: false, check: () => aws.sns.send(new ListTopicsCommand({})) },
    close: aws.close,
  }
}
