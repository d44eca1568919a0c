import { isFifo, messages, type Republished } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { REPUBLISHED_ATTRIBUTE } from './outgoing.ts'

/** Which published messages are published again: `since` belongs to the window, `until` does not. */
export interface Window {
  readonly since: Date
  readonly until: Date
  readonly topics: readonly string[]
  readonly eventType: string | null
  readonly messageId: string | null
}

/** Where the next batch begins. */
export interface Progress {
  readonly publishedAt: Date
  readonly createdAt: Date
  readonly messageId: string
  readonly topic: string
}

const valuesOf = ({ since, until, topics, eventType, messageId }: Window) => [
  since,
  until,
  topics,
  eventType,
  messageId,
]
const matches = `published_at >= $1::timestamptz and published_at < $2::timestamptz
    and topic = any($3::text[])
  and ($4::text is null or event_type = $4) and ($5::uuid is null or message_id = $5)`
/** Of a message that is in both, the outbox knows when it was published last. */
const archivedOnly =
  'not exists (select from outbox o where o.message_id = a.message_id and o.topic = a.topic)'

/** Counts the messages by topic and type, up to `max` in all. */
export const countPublished = (sql: Sql, window: Window, max: number): Promise<Republished['byType']> =>
  sql.query(
    `select topic, event_type as "eventType", count(*)::int as count from (
       select topic, event_type from outbox where ${matches}
       union all
       select topic, event_type from message_archive a where ${matches} and ${archivedOnly}
       limit $6) published
     group by topic, event_type order by topic, event_type`,
    [...valuesOf(window), max],
  )

/** The field of the payload by which FIFO topics group, as when a message is first written. */
const fifoGroups = [...messages.values()].flatMap(({ eventType, topics, groupBy }) =>
  topics.filter(isFifo).map((topic) => ({ eventType, topic, groupBy: groupBy ?? '' })),
)

const inOrder = 'order by published_at, created_at, message_id, topic'

/**
 * Puts the next messages back into the outbox as unpublished, in the order in which they were published;
 * returns how many, and where the next batch begins: null after the last one. The archive keeps them too,
 * with the time when they were published first. They are as new in the outbox: the age of unpublished
 * messages is measured by `created_at`.
 */
export async function putBack(
  sql: Sql,
  window: Window,
  { after, republishedAt, limit }: { after: Progress | null; republishedAt: Date; limit: number },
): Promise<{ count: number; next: Progress | null }> {
  const isNext = `${matches} and ($6::timestamptz is null
    or (published_at, created_at, message_id, topic) > ($6, $7::timestamptz, $8::uuid, $9::text))`
  const rows = await sql.query<Progress & { isBack: boolean }>(
    `with batch as (
       select * from (
         (select message_id, topic, event_type, body, attributes, group_key, archivable,
           created_at, published_at
          from outbox where ${isNext} ${inOrder} limit $10)
         union all
         (select message_id, topic, event_type, body, attributes,
            (select body->'payload'->>fifo.group_by
             from unnest($11::text[], $12::text[], $13::text[]) fifo(event_type, topic, group_by)
             where fifo.event_type = a.event_type and fifo.topic = a.topic),
            true, created_at, published_at
          from message_archive a where ${isNext} and ${archivedOnly} ${inOrder} limit $10)) published
       ${inOrder} limit $10),
     kept as (
       insert into message_archive (message_id, topic, event_type, body, attributes, created_at, published_at)
       select message_id, topic, event_type, body, attributes, created_at, published_at
       from batch where archivable
       on conflict do nothing),
     back as (
       insert into outbox (message_id, topic, event_type, body, attributes, group_key, archivable)
       select message_id, topic, event_type, body,
         case when group_key is null then attributes
           else attributes || jsonb_build_object($14::text, $15::text) end,
         group_key, archivable
       from batch ${inOrder}
       on conflict (message_id, topic) do update set
         position = default, created_at = default, attributes = excluded.attributes, published_at = null,
         lease = null, leased_until = null, attempts = 0
       where outbox.published_at is not null
       returning message_id, topic)
     select published_at as "publishedAt", created_at as "createdAt", message_id as "messageId", topic,
       exists (select from back
         where back.message_id = batch.message_id and back.topic = batch.topic) as "isBack"
     from batch ${inOrder}`,
    [
      // From where the last batch ended, not from the beginning of the window.
      ...valuesOf({ ...window, since: after?.publishedAt ?? window.since }),
      after?.publishedAt ?? null,
      after?.createdAt ?? null,
      after?.messageId ?? null,
      after?.topic ?? null,
      limit,
      fifoGroups.map(({ eventType }) => eventType),
      fifoGroups.map(({ topic }) => topic),
      fifoGroups.map(({ groupBy }) => groupBy),
      REPUBLISHED_ATTRIBUTE,
      republishedAt.toISOString(),
    ],
  )
  const last = rows.at(-1)
  return {
    count: rows.filter(({ isBack }) => isBack).length,
    next: rows.length === limit && last ? last : null,
  }
}

/** Counts the unpublished messages, up to `max`. */
export async function countUnpublished(sql: Sql, max: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from (select from outbox where published_at is null limit $1) unpublished`,
    [max],
  )
  return row?.count ?? 0
}

/** Returns the time by the database's clock, which also says when a message was published. */
export async function timeOfDatabase(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now')
  if (!row) throw new Error('a select without a row')
  return row.now
}
