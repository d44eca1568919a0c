import { AsyncLocalStorage } from 'node:async_hooks'
import { type Destination, MESSAGE_BATCH_MAX } from '@boxoffice/contracts'
import {
  type CrashAt,
  createSweeper,
  type Logger,
  type Metrics,
  markFailed,
  onceATurn,
  type Span,
  type Sql,
  type Worker,
} from '@boxoffice/service-kit'
import { aboutEnvelope } from './about.ts'
import type { Aws } from './aws.ts'
import { bytesOf, inBatches } from './message-size.ts'
import { startPublishing, withTrace } from './message-spans.ts'
import { claimUnpublished, type Published, settlePublished, waitSecondsAfter } from './outbox-repository.ts'
import type { Outgoing } from './outgoing.ts'
import { type Entry, sendBatch } from './send-batch.ts'
import { createSettler } from './settler.ts'

export interface Relay extends Worker {
  /** Look for what waits in the outbox: after a commit that left something there. */
  nudge(): void
  /**
   * The lease under which this process publishes what it writes now from memory; null where that is left to a
   * poll.
   */
  ownLease(): Lease | null
  /** Publish messages that were committed under `ownLease`, straight from memory. */
  publish(messages: readonly Outgoing[]): void
}

export interface Lease {
  readonly id: string
  readonly ms: number
}

const POLL_MS = 1_000
/** While nothing is known to wait, every so many polls look: for what another process left behind. */
const QUIET_POLLS = 5
/**
 * What is written is its own process's to publish for so long. Others may publish it again then, which costs
 * an inbox row.
 */
const OWN_LEASE_MS_MAX = 10_000
/** More is left to the poll: a topic that is unreachable must not fill the memory. */
const WAITING_MAX = 2_000
/** Batches of a topic on their way at once: what comes meanwhile makes the next ones fuller. */
const SENDING_MAX = 2
/** The trace of publishing, which each message gets on its way: name, type and value. */
const TRACE_BYTES = 100

/**
 * Publishes what stands in the outbox, outside any transaction, in batches of ten: what this process has
 * committed straight from memory, what others left behind, what failed, and what is kept in order (FIFO
 * topics and queues: rows of one group go one after the other) as it claims it under a lease. Then marks
 * those that were accepted. A relay that dies after publishing publishes again when the lease has run out;
 * consumers know the message's id.
 */
export function createRelay(options: {
  db: Sql
  aws: Aws
  logger: Logger
  metrics: Metrics
  crashAt: CrashAt
  /** Longer than SNS and SQS may take to answer. */
  leaseMs: number
}): Relay {
  const { db, aws, logger, metrics, crashAt } = options
  // A request or a message is at work where a commit is made: publishing is no part of its trace.
  const outside = AsyncLocalStorage.snapshot()
  const ownLease: Lease = { id: crypto.randomUUID(), ms: Math.min(options.leaseMs, OWN_LEASE_MS_MAX) }
  const lanes = new Map<Destination, { waiting: Outgoing[]; sending: Set<Promise<void>> }>()
  const settler = createSettler({ settle: (outcomes) => settlePublished(db, outcomes), logger })
  let waiting = 0
  let stopped = false
  let quietPolls = QUIET_POLLS
  /** What is committed in one turn of the event loop goes out together. */
  const pumpAll = onceATurn(() => {
    for (const topic of lanes.keys()) pump(topic)
  })

  function take(messages: readonly Outgoing[]): void {
    waiting += messages.length
    for (const message of messages) laneOf(message.topic).waiting.push(message)
    pumpAll()
  }

  function laneOf(topic: Destination) {
    const lane = lanes.get(topic) ?? { waiting: [], sending: new Set() }
    lanes.set(topic, lane)
    return lane
  }

  function pump(topic: Destination): void {
    const lane = laneOf(topic)
    while (lane.sending.size < SENDING_MAX && lane.waiting.length > 0) {
      const [batch = []] = inBatches(lane.waiting.slice(0, MESSAGE_BATCH_MAX), MESSAGE_BATCH_MAX, sizeOf)
      lane.waiting.splice(0, batch.length)
      const sending = publishOwn(topic, batch).finally(() => {
        waiting -= batch.length
        lane.sending.delete(sending)
        pump(topic)
      })
      lane.sending.add(sending)
    }
  }

  async function publishOwn(topic: Destination, batch: Outgoing[]): Promise<void> {
    crashAt('relay.before-publish')
    const outcomes = await publish(topic, batch)
    crashAt('relay.after-publish')
    if (outcomes.some(({ published }) => !published)) quietPolls = QUIET_POLLS
    settler.add(outcomes)
  }

  async function round(): Promise<{ more: boolean }> {
    const rows = await claimUnpublished(db, crypto.randomUUID(), options.leaseMs)
    quietPolls = rows.length > 0 ? QUIET_POLLS : 0
    if (rows.length === 0) return { more: false }
    crashAt('relay.before-publish')
    const outcomes = await Promise.all(batchesOf(rows).map(({ topic, batch }) => publish(topic, batch)))
    crashAt('relay.after-publish')
    await settlePublished(db, outcomes.flat())
    return { more: outcomes.flat().some(({ published }) => published) } // what was not has to wait
  }

  async function publish(topic: Destination, batch: readonly Outgoing[]): Promise<Published[]> {
    const spans = batch.map(startPublishing)
    const entries = batch.map((message, index) => entryOf(message, index, spans[index]))
    try {
      const { accepted, refused } = await sendBatch(aws, topic, entries)
      if (refused.length > 0) {
        const messages = refused.map(({ id, ...why }) => ({ ...aboutOutgoing(batch[Number(id)]), ...why }))
        logger.error({ topic, messages }, 'publishing was refused, will be retried')
      }
      metrics.messagesPublished.inc({ topic }, accepted.size)
      for (const { id, code } of refused) fail(spans[Number(id)], { code })
      return batch.map((message, index) => ({ message, published: accepted.has(String(index)) }))
    } catch (error) {
      logger.warn(
        { err: error, topic, messages: batch.map(aboutOutgoing) },
        'publishing failed, will be retried',
      )
      for (const span of spans) fail(span, error)
      return batch.map((message) => ({ message, published: false }))
    } finally {
      for (const span of spans) span?.end()
    }
  }

  const sweeper = createSweeper({
    name: 'relay',
    intervalMs: POLL_MS,
    sweep: async () => (++quietPolls >= QUIET_POLLS ? round() : undefined),
    logger,
  })

  function nudge(): void {
    quietPolls = QUIET_POLLS
    sweeper.nudge()
  }

  return {
    ...sweeper,
    nudge,
    ownLease: () => (stopped || waiting >= WAITING_MAX ? null : ownLease),
    publish: (messages) => outside(() => take(messages)),
    start() {
      stopped = false
      quietPolls = QUIET_POLLS
      sweeper.start()
    },
    async stop() {
      stopped = true
      await sweeper.stop()
      while (waiting > 0) {
        for (const topic of lanes.keys()) pump(topic)
        await Promise.race([...lanes.values()].flatMap(({ sending }) => [...sending]))
      }
      await settler.flush()
      // What the last requests and handlers left behind; what fails now is published by another instance or
      // after a start.
      for (let rounds = 0; rounds < 50; rounds++)
        if (!(await round().catch(() => ({ more: false }))).more) break
    },
  }
}

/** For a log line; `attempt`: which one has failed. */
const aboutOutgoing = (message: Outgoing | undefined) =>
  message && {
    ...aboutEnvelope(JSON.parse(message.body)),
    messageId: message.messageId,
    attempt: message.attempts,
    waitMs: waitSecondsAfter(message.attempts) * 1_000,
  }

function batchesOf(all: readonly Outgoing[]): { topic: Destination; batch: Outgoing[] }[] {
  const byTopic = Map.groupBy(all, ({ topic }) => topic)
  return [...byTopic].flatMap(([topic, messages]) =>
    inBatches(messages, MESSAGE_BATCH_MAX, sizeOf).map((batch) => ({ topic, batch })),
  )
}
const sizeOf = ({ body, attributes }: Outgoing) => bytesOf({ body, attributes }) + TRACE_BYTES

const fail = (span: Span | undefined, error: unknown) => span && markFailed(span, error)

const entryOf = (
  { messageId, body, attributes, group }: Outgoing,
  index: number,
  span: Span | undefined,
): Entry => ({
  id: String(index),
  body,
  attributes: withTrace(attributes, span),
  ...(group !== null && { group: { id: group, deduplicationId: messageId } }),
})
