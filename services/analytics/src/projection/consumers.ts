import { type Message, type MessageDefinition, queues } from '@boxoffice/contracts'
import { type Messaging, on } from '@boxoffice/messaging'
import type { Metrics, SqlDatabase, Tx, Worker } from '@boxoffice/service-kit'
import type { Invalidations } from '../cache/invalidations.ts'
import type { Tag } from '../cache/read-cache.ts'
import type { Config } from '../config.ts'
import { type Lag, type ProjectedQueue, projectedQueues } from '../lag/lag.ts'
import { projected } from './facts.ts'
import { listLiveGenerations } from './generation-repository.ts'
import { nothingTouched, project, type Touched, touchAgain } from './project.ts'

/** The share of the database connections for messages: reads and rebuilds need some, too. */
const shareOfPool: Record<ProjectedQueue, number> = { 'analytics-queue': 0.4, 'event-updates.fifo': 0.2 }

/**
 * Creates the consumers of the read side. Messages go into every live generation, those of one receive in one
 * transaction.
 */
export function createProjectionConsumers(deps: {
  config: Pick<Config, 'databasePoolSize'>
  db: SqlDatabase
  messaging: Messaging
  invalidations: Pick<Invalidations, 'changed'>
  lag: Pick<Lag, 'projected'>
  countProjected: CountProjected
}): Worker[] {
  const { db, messaging, invalidations, lag, countProjected } = deps

  /**
   * The message was handled before, perhaps by a process that died between its commit and the invalidation.
   */
  async function again(tx: Tx, message: Message<MessageDefinition>): Promise<void> {
    const [live, touched] = [await listLiveGenerations(tx), nothingTouched()]
    await touchAgain(tx, live, [message], touched)
    invalidateAfter(tx, live, touched)
  }

  /** Facts are joined before anything is written, so that each counter changes once. */
  async function take(
    tx: Tx,
    queue: ProjectedQueue,
    taken: readonly Message<MessageDefinition>[],
  ): Promise<void> {
    // Read in the transaction: a generation that begins or ends meanwhile is seen either here or by its
    // rebuild.
    const [live, touched] = [await listLiveGenerations(tx), nothingTouched()]
    await project(tx, live, taken, touched)
    invalidateAfter(tx, live, touched)
    tx.afterCommit(() => {
      for (const { eventType, timestamp } of taken) {
        lag.projected(queue, timestamp)
        countProjected(eventType, 'queue')
      }
    })
  }

  /** Not before the commit: reads in between would cache the old state. */
  const invalidateAfter = (tx: Tx, generations: readonly number[], touched: Touched) =>
    tx.afterCommit(() => invalidations.changed([...generations], tagsOf(touched)))

  const subscribersOf = (queue: ProjectedQueue) =>
    projected.map((definition) =>
      on<MessageDefinition>(definition, (tx, message) => take(tx, queue, [message])),
    )
  const ofTopics = (queue: ProjectedQueue) => {
    const topics: readonly string[] = queues[queue].subscriptions.map(({ topic }) => topic)
    return subscribersOf(queue).filter(({ definition }) =>
      definition.topics.some((topic) => topics.includes(topic)),
    )
  }
  return projectedQueues.map((queue) =>
    messaging.consumeWith(queue, ofTopics(queue), {
      db,
      onDuplicate: again,
      together: (tx, taken) => take(tx, queue, taken),
      concurrency: Math.max(1, Math.floor(deps.config.databasePoolSize * shareOfPool[queue])),
    }),
  )
}

const tagsOf = ({ events, users, tickets }: Touched): Tag[] => [
  ...[...events].map((eventId): Tag => `event:${eventId}`),
  ...[...users].map((userId): Tag => `user:${userId}`),
  ...[...tickets].map((ticketId): Tag => `ticket:${ticketId}`),
]

/** Counts a message that was written, by whether it came from a queue or an archive. */
export type CountProjected = (eventType: string, from: 'queue' | 'archive') => void

export function createCountProjected(metrics: Pick<Metrics, 'counter'>): CountProjected {
  const messages = metrics.counter(
    'projected_messages_total',
    'messages that were written into the projection',
    ['event_type', 'source'],
  )
  return (eventType, source) => messages.inc({ event_type: eventType, source })
}
