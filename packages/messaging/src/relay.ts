import { type Destination, MESSAGE_BATCH_MAX } from '@boxoffice/contracts'
import {
  type CrashAt,
  createSweeper,
  type Logger,
  type Metrics,
  markFailed,
  type Span,
  type Worker,
} from '@boxoffice/service-kit'
import type pg from 'pg'
import { aboutEnvelope } from './about.ts'
import type { Aws } from './aws.ts'
import { bytesOf, inBatches } from './message-size.ts'
import { startPublishing, withTrace } from './message-spans.ts'
import { type Entry, sendBatch } from './send-batch.ts'

export interface Relay extends Worker {
  /** There may be something to publish: call it after a commit. Costs one query of an empty index when there is not. */
  nudge(): void
}

interface Row {
  message_id: string
  topic: Destination
  body: unknown
  attributes: Record<string, string>
  group_key: string | null
  attempts: number
}

const CLAIM_MAX = 100
const POLL_MS = 1_000
/** The trace of publishing, which each message gets on its way: name, type and value. */
const TRACE_BYTES = 100

/**
 * Publishes what stands in the outbox: claims unpublished rows under a lease, sends them to their topics and command queues
 * outside any transaction, marks those that were accepted. A relay that dies after publishing publishes again when the lease has
 * run out; consumers know the message's id. Rows of one group (FIFO topics and queues) go one after the other.
 */
export function createRelay(options: {
  pool: pg.Pool
  aws: Aws
  logger: Logger
  metrics: Metrics
  crashAt: CrashAt
  /** Longer than SNS and SQS may take to answer. */
  leaseMs: number
}): Relay {
  const { pool, aws, logger, metrics, crashAt } = options

  async function round(): Promise<{ more: boolean }> {
    const lease = crypto.randomUUID()
    const rows = await claim(pool, lease, options.leaseMs)
    if (rows.length === 0) return { more: false }
    crashAt('relay.before-publish')
    const outcomes = await Promise.all(batchesOf(rows).map((batch) => publish(batch)))
    crashAt('relay.after-publish')
    await settle(pool, lease, outcomes.flat())
    return { more: outcomes.flat().some(({ published }) => published) } // what was not has to wait
  }

  async function publish(batch: { topic: Destination; rows: Row[] }): Promise<{ row: Row; published: boolean }[]> {
    const spans = batch.rows.map(startPublishing)
    const entries = batch.rows.map((row, index) => entryOf(row, index, spans[index]))
    try {
      const { accepted, refused } = await sendBatch(aws, batch.topic, entries)
      if (refused.length > 0) {
        const messages = refused.map(({ id, ...why }) => ({ ...aboutRow(batch.rows[Number(id)]), ...why }))
        logger.error({ topic: batch.topic, messages }, 'publishing was refused, will be retried')
      }
      metrics.messagesPublished.inc({ topic: batch.topic }, accepted.size)
      for (const { id, code } of refused) fail(spans[Number(id)], { code })
      return batch.rows.map((row, index) => ({ row, published: accepted.has(String(index)) }))
    } catch (error) {
      logger.warn({ err: error, topic: batch.topic, messages: batch.rows.map(aboutRow) }, 'publishing failed, will be retried')
      for (const span of spans) fail(span, error)
      return batch.rows.map((row) => ({ row, published: false }))
    } finally {
      for (const span of spans) span?.end()
    }
  }

  const sweeper = createSweeper({ name: 'relay', intervalMs: POLL_MS, sweep: round, logger })
  return {
    ...sweeper,
    async stop() {
      await sweeper.stop()
      // What the last requests and handlers left behind; whatever fails now is published by another instance or after a start.
      for (let rounds = 0; rounds < 50; rounds++) if (!(await round().catch(() => ({ more: false }))).more) break
    },
  }
}

async function claim(pool: pg.Pool, lease: string, leaseMs: number): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `with ready as (
       select message_id, topic from outbox o
       where published_at is null and (leased_until is null or leased_until < clock_timestamp())
         and (group_key is null or not exists (
           select from outbox earlier
           where earlier.topic = o.topic and earlier.group_key = o.group_key
             and earlier.published_at is null and earlier.position < o.position))
       order by position limit ${CLAIM_MAX} for update skip locked)
     update outbox o set lease = $1, leased_until = clock_timestamp() + $2 * interval '1 millisecond', attempts = attempts + 1
     from ready where o.message_id = ready.message_id and o.topic = ready.topic
     returning o.message_id, o.topic, o.body, o.attributes, o.group_key, o.attempts`,
    [lease, leaseMs],
  )
  return rows
}

/** For a log line; `attempt`: which one has failed. */
const aboutRow = (row: Row | undefined) =>
  row && {
    ...aboutEnvelope(row.body),
    messageId: row.message_id,
    attempt: row.attempts,
    waitMs: waitSecondsAfter(row.attempts) * 1_000,
  }

/** As `settle` has it. */
const waitSecondsAfter = (attempts: number) => Math.min(60, 2 ** (Math.min(attempts, 6) - 1))

/** Mark what was published; what was not is tried again after 1, 2, 4 … at most 60 s. */
async function settle(pool: pg.Pool, lease: string, outcomes: { row: Row; published: boolean }[]): Promise<void> {
  await pool.query(
    `update outbox o set
       published_at = case when r.published then clock_timestamp() end,
       leased_until = case when r.published then o.leased_until
                      else clock_timestamp() + least(60, power(2, least(o.attempts, 6) - 1)) * interval '1 second' end
     from unnest($2::uuid[], $3::text[], $4::boolean[]) r(message_id, topic, published)
     where o.message_id = r.message_id and o.topic = r.topic and o.lease = $1`,
    [
      lease,
      outcomes.map(({ row }) => row.message_id),
      outcomes.map(({ row }) => row.topic),
      outcomes.map(({ published }) => published),
    ],
  )
}

function batchesOf(all: readonly Row[]): { topic: Destination; rows: Row[] }[] {
  const byTopic = Map.groupBy(all, ({ topic }) => topic)
  return [...byTopic].flatMap(([topic, rows]) =>
    inBatches(rows, MESSAGE_BATCH_MAX, sizeOf).map((batch) => ({ topic, rows: batch })),
  )
}
const sizeOf = ({ body, attributes }: Row) => bytesOf({ body: JSON.stringify(body), attributes }) + TRACE_BYTES

const fail = (span: Span | undefined, error: unknown) => span && markFailed(span, error)

const entryOf = (row: Row, index: number, span: Span | undefined): Entry => ({
  id: String(index),
  body: JSON.stringify(row.body),
  attributes: withTrace(row.attributes, span),
  ...(row.group_key !== null && { group: { id: row.group_key, deduplicationId: row.message_id } }),
})
