import { type Message, type MessageDefinition, queues } from '@boxoffice/contracts'
import { type Messaging, on } from '@boxoffice/messaging'
import { type Metrics, type Tx, transact, type Worker } from '@boxoffice/service-kit'
import type pg from 'pg'
import type { Invalidations } from '../cache/invalidations.ts'
import type { Tag } from '../cache/read-cache.ts'
import type { Config } from '../config.ts'
import { type Lag, type ProjectedQueue, projectedQueues } from '../lag/lag.ts'
import { projected } from './facts.ts'
import { listLiveGenerations } from './generation-repository.ts'
import { nothingTouched, project, type Touched, touchAgain } from './project.ts'

/** How much of the database's connections messages may take: reads and a rebuild need some, too. */
const shareOfPool: Record<ProjectedQueue, number> = { 'analytics-queue': 0.4, 'event-updates.fifo': 0.2 }

/** A transaction, and what has to be done when it is committed. */
interface Projecting {
  readonly sql: Tx
  readonly touched: Touched
  readonly generations: Set<number>
  readonly messages: Message<MessageDefinition>[]
}

/** The consumers of the read side: messages go into every generation that is live, those of one receive in one transaction. */
export function createProjectionConsumers(deps: {
  config: Pick<Config, 'databasePoolSize'>
  pool: pg.Pool
  messaging: Messaging
  invalidations: Pick<Invalidations, 'changed'>
  lag: Pick<Lag, 'projected'>
  countProjected: CountProjected
}): Worker[] {
  const { pool, messaging, invalidations, lag, countProjected } = deps

  const transactFor =
    (queue: ProjectedQueue) =>
    async <R>(work: (projecting: Projecting) => Promise<R>): Promise<R> => {
      const after = { touched: nothingTouched(), generations: new Set<number>(), messages: [] }
      const result = await db.transact((sql) => work({ sql, ...after }))
      committed(queue, after)
      return result
    }

  /** Never before the commit: what is read in between would be cached as it was. */
  function committed(queue: ProjectedQueue, { touched, generations, messages }: Omit<Projecting, 'sql'>): void {
    invalidations.changed([...generations], tagsOf(touched))
    for (const { eventType, timestamp } of messages) {
      lag.projected(queue, timestamp)
      countProjected(eventType, 'queue')
    }
  }

  /** Taken before, and perhaps by a process that died between its commit and what follows that. */
  async function again({ sql, touched, generations }: Projecting, message: Message<MessageDefinition>): Promise<void> {
    const live = await listLiveGenerations(sql)
    await touchAgain(sql, live, [message], touched)
    for (const generation of live) generations.add(generation)
  }

  /** All at once: facts are joined before anything is written, and each counter changes once. */
  async function take(projecting: Projecting, taken: readonly Message<MessageDefinition>[]): Promise<void> {
    const { sql, touched, generations, messages } = projecting
    // Looked up inside: one that begins or ends meanwhile is seen by either this transaction or its rebuild.
    const live = await listLiveGenerations(sql)
    await project(sql, live, taken, touched)
    for (const generation of live) generations.add(generation)
    messages.push(...taken)
  }

  const subscribers = projected.map((definition) =>
    on<MessageDefinition, Projecting>(definition, (projecting, message) => take(projecting, [message])),
  )
  const ofTopics = (queue: ProjectedQueue) => {
    const topics: readonly string[] = queues[queue].subscriptions.map(({ topic }) => topic)
    return subscribers.filter(({ definition }) => definition.topics.some((topic) => topics.includes(topic)))
  }
  return projectedQueues.map((queue) =>
    messaging.consumeWith(queue, ofTopics(queue), {
      transact: transactFor(queue),
      sqlOf: ({ sql }) => sql,
      onDuplicate: again,
      together: take,
      concurrency: Math.max(1, Math.floor(deps.config.databasePoolSize * shareOfPool[queue])),
    }),
  )
}

const tagsOf = ({ events, users, tickets }: Touched): Tag[] => [
  ...[...events].map((eventId): Tag => `event:${eventId}`),
  ...[...users].map((userId): Tag => `user:${userId}`),
  ...[...tickets].map((ticketId): Tag => `ticket:${ticketId}`),
]

/** Counts a message that was written: as it came by a queue, or out of an archive. */
export type CountProjected = (eventType: string, from: 'queue' | 'archive') => void

export function createCountProjected(metrics: Pick<Metrics, 'counter'>): CountProjected {
  const messages = metrics.counter('projected_messages_total', 'messages that were written into the projection', [
    'event_type',
    'source',
  ])
  return (eventType, source) => messages.inc({ event_type: eventType, source })
}
