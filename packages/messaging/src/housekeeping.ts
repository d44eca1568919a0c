import { createSweeper, type Logger, type Metrics, type Sql, type Worker } from '@boxoffice/service-kit'
import { INBOX_DAYS } from './inbox-repository.ts'

const INTERVAL_MS = 60_000
const BATCH = 500

/**
 * Runs once a minute: moves published messages from the outbox to the archive (deletes those with tokens) and
 * deletes inbox rows older than 60 days. The age of the oldest unpublished message is a metric, measured at
 * each scrape.
 */
export function createHousekeeping(options: { db: Sql; logger: Logger; metrics: Metrics }): Worker {
  const { db, logger, metrics } = options
  metrics.measured(
    'outbox_oldest_unpublished_seconds',
    'age of the oldest unpublished message',
    [],
    async () => [{ labels: {}, value: await oldestUnpublishedSeconds(db) }],
  )
  return createSweeper({
    name: 'messaging housekeeping',
    intervalMs: INTERVAL_MS,
    logger,
    async sweep() {
      const [archived, forgotten] = [await archivePublished(db), await forgetInbox(db)]
      return { more: archived === BATCH || forgotten === BATCH }
    },
  })
}

/** Moves a batch of published messages to the archive; returns how many left the outbox. */
export async function archivePublished(sql: Sql): Promise<number> {
  const [gone] = await sql.query<{ moved: number }>(
    `with gone as (
       delete from outbox where (message_id, topic) in
         (select message_id, topic from outbox where published_at is not null
           order by published_at limit ${BATCH} for update skip locked)
       returning *),
     kept as (
       insert into message_archive (message_id, topic, event_type, body, attributes, created_at, published_at)
       select message_id, topic, event_type, body, attributes, created_at, published_at
       from gone where archivable
       on conflict do nothing)
     select count(*)::int as moved from gone`,
  )
  return gone?.moved ?? 0
}

async function forgetInbox(sql: Sql): Promise<number> {
  const forgotten = await sql.query(
    `delete from inbox where (consumer, message_id) in
       (select consumer, message_id from inbox
         where received_at < clock_timestamp() - interval '${INBOX_DAYS} days' limit ${BATCH})
     returning message_id`,
  )
  return forgotten.length
}

/** Returns the age in seconds of the oldest unpublished message; 0 if there is none. */
export async function oldestUnpublishedSeconds(sql: Sql): Promise<number> {
  const [oldest] = await sql.query<{ age: number }>(
    `select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as age from outbox
     where published_at is null`,
  )
  return oldest?.age ?? 0
}
