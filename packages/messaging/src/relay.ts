import { AsyncLocalStorage } from 'node:async_hooks'
import type { Destination } from '@boxoffice/contracts'
import {
  type CrashAt,
  createSweeper,
  type Logger,
  type Metrics,
  type Sql,
  type Worker,
} from '@boxoffice/service-kit'
import type { Aws } from './aws.ts'
import { claimUnpublished, markPublished } from './outbox-repository.ts'
import type { Outgoing } from './outgoing.ts'
import { createPublishMarker } from './publish-marker.ts'
import { createPublishQueues } from './publish-queues.ts'
import { batchesOf, createPublisher } from './publisher.ts'

export interface Relay extends Worker {
  /** Polls the outbox soon, after a commit that left rows for the poll. */
  nudge(): void
  /**
   * The lease under which this process publishes new rows straight from memory; null while it leaves them to
   * the poll.
   */
  ownLease(): Lease | null
  /** Publishes messages that were committed under `ownLease`. */
  publish(messages: readonly Outgoing[]): void
}

export interface Lease {
  readonly id: string
  readonly ms: number
}

export interface RelayOptions {
  db: Sql
  aws: Aws
  logger: Logger
  metrics: Metrics
  crashAt: CrashAt
  /** Longer than SNS and SQS may take to answer. */
  leaseMs: number
}

const POLL_MS = 1_000
/** Polls to skip after one has found the outbox empty: only rows of a process that died wait for the next. */
const SKIPPED_POLLS = 4
/** After this, another relay may publish this process's rows again; consumers drop the duplicates. */
const OWN_LEASE_MS_MAX = 10_000
/** The rest is left to the poll: an unreachable topic must not exhaust memory. */
const QUEUED_MAX = 2_000
const FINAL_SWEEPS_MAX = 50

/**
 * Creates the relay, which publishes the outbox outside any transaction, in batches of up to ten. Messages
 * that this process committed are published from memory. The poll claims the rest under a lease: rows of
 * processes that died, failed ones, and those of FIFO topics and queues, whose groups are published in order.
 * Accepted messages are then marked as published. If a relay dies in between, they are published again when
 * the lease has expired, and consumers recognize the message id.
 */
export function createRelay(options: RelayOptions): Relay {
  const { db, logger, crashAt } = options
  // A commit happens within a request or a message; publishing does not belong to that trace.
  const outside = AsyncLocalStorage.snapshot()
  const ownLease: Lease = { id: crypto.randomUUID(), ms: Math.min(options.leaseMs, OWN_LEASE_MS_MAX) }
  const publish = createPublisher(options)
  const marker = createPublishMarker({ mark: (outcomes) => markPublished(db, outcomes), logger })
  const queues = createPublishQueues(publishOwn)
  let stopped = false
  let pollsToSkip = 0

  async function publishOwn(destination: Destination, batch: readonly Outgoing[]): Promise<void> {
    crashAt('relay.before-publish')
    const outcomes = await publish(destination, batch)
    crashAt('relay.after-publish')
    if (outcomes.some(({ published }) => !published)) pollsToSkip = 0
    marker.add(outcomes)
  }

  async function sweep(): Promise<{ more: boolean }> {
    const rows = await claimUnpublished(db, crypto.randomUUID(), options.leaseMs)
    pollsToSkip = rows.length > 0 ? 0 : SKIPPED_POLLS
    if (rows.length === 0) return { more: false }
    crashAt('relay.before-publish')
    const byDestination = Map.groupBy(rows, ({ topic }) => topic)
    const outcomes = await Promise.all(
      [...byDestination].flatMap(([destination, messages]) =>
        batchesOf(messages).map((batch) => publish(destination, batch)),
      ),
    )
    crashAt('relay.after-publish')
    await markPublished(db, outcomes.flat())
    return { more: outcomes.flat().some(({ published }) => published) } // those that failed have to wait
  }

  const sweeper = createSweeper({
    name: 'relay',
    intervalMs: POLL_MS,
    async sweep() {
      if (pollsToSkip === 0) return sweep()
      pollsToSkip--
      return undefined
    },
    logger,
  })

  return {
    ...sweeper,
    nudge() {
      pollsToSkip = 0
      sweeper.nudge()
    },
    ownLease: () => (stopped || queues.size() >= QUEUED_MAX ? null : ownLease),
    publish: (messages) => outside(() => queues.add(messages)),
    start() {
      stopped = false
      pollsToSkip = 0
      sweeper.start()
    },
    async stop() {
      stopped = true
      await sweeper.stop()
      await queues.drain()
      await marker.flush()
      // Publishes what the last requests and handlers left behind. A failure is left to another instance or
      // the next start.
      for (let sweeps = 0; sweeps < FINAL_SWEEPS_MAX; sweeps++)
        if (!(await sweep().catch(() => ({ more: false }))).more) break
    },
  }
}
