import type { Destination, OutboxFigures, OutboxMessage } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { z } from 'zod'

export async function figuresOfOutbox(sql: Sql): Promise<z.output<typeof OutboxFigures>> {
  const [totals] = await sql.query<{
    unpublished: number
    oldestUnpublishedSeconds: number
    archived: number
  }>(
    `select count(*)::int as unpublished,
       coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8
         as "oldestUnpublishedSeconds",
       -- An estimate: the archive is as long as the history of the service.
       (select greatest(reltuples, 0)::int from pg_class where oid = 'message_archive'::regclass) as archived
     from outbox where published_at is null`,
  )
  const failing = await sql.query<{
    messageId: string
    eventType: string
    topic: string
    attempts: number
    createdAt: Date
  }>(
    `select message_id as "messageId", event_type as "eventType", topic, attempts, created_at as "createdAt"
     from outbox where published_at is null and attempts > 1 order by position limit 20`,
  )
  if (!totals) throw new Error('an aggregate without a row')
  return { ...totals, failing }
}

interface Filter {
  readonly since?: Date | undefined
  readonly topic?: string | undefined
  readonly eventType?: string | undefined
}
interface Position {
  readonly at: Date
  readonly messageId: string
  readonly topic: Destination
}
interface Range {
  readonly limit: number
  readonly after: Position | null
}
type Listed = Omit<OutboxMessage, 'topic'> & Position

type Row = Omit<Listed, 'publishedAt' | 'leasedUntil'> & {
  publishedAt: Date | null
  leasedUntil: Date | null
}
const toListed = ({ publishedAt, leasedUntil, ...row }: Row): Listed => ({
  ...row,
  ...(publishedAt && { publishedAt }),
  ...(leasedUntil && !publishedAt && { leasedUntil }),
})
const valuesOf = ({ since, topic, eventType }: Filter, { limit, after }: Range) => [
  since ?? null,
  topic ?? null,
  eventType ?? null,
  after?.at ?? null,
  after?.messageId ?? null,
  after?.topic ?? null,
  limit + 1,
]
const columns = `message_id as "messageId", topic, event_type as "eventType",
  body->>'correlationId' as "correlationId",
  created_at as "createdAt", published_at as "publishedAt"`
const matches = `($1::timestamptz is null or created_at >= $1) and ($2::text is null or topic = $2)
  and ($3::text is null or event_type = $3)`

/** Lists unpublished messages that match, oldest first; one more than the limit. */
export async function listUnpublished(sql: Sql, filter: Filter, range: Range): Promise<Listed[]> {
  const rows = await sql.query<Row>(
    `select ${columns}, attempts, leased_until as "leasedUntil", false as archived, created_at as at
     from outbox where published_at is null and ${matches}
       and ($4::timestamptz is null or (created_at, message_id, topic) > ($4, $5::uuid, $6::text))
     order by created_at, message_id, topic limit $7`,
    valuesOf(filter, range),
  )
  return rows.map(toListed)
}

/**
 * Lists all messages that match, those of the archive too, by the time when they were published (or written,
 * if they are not), newest first; one more than the limit. One that is published again is only listed as
 * that.
 */
export async function listAll(sql: Sql, filter: Filter, range: Range): Promise<Listed[]> {
  const before = (at: string) =>
    `($4::timestamptz is null or ${at} <= $4 and (${at}, message_id, topic) < ($4, $5::uuid, $6::text))`
  const rows = await sql.query<Row>(
    `select * from (
       (select ${columns}, attempts, leased_until as "leasedUntil", false as archived,
          coalesce(published_at, created_at) as at
        from outbox where ${matches} and ${before('coalesce(published_at, created_at)')}
        order by at desc, message_id desc, topic desc limit $7)
       union all
       (select ${columns}, 0, null, true, published_at as at
        from message_archive archived where ${matches} and ($1::timestamptz is null or published_at >= $1)
          and ${before('published_at')}
          and not exists (
            select from outbox o where o.message_id = archived.message_id and o.topic = archived.topic)
        order by published_at desc, message_id desc, topic desc limit $7)) listed
     order by at desc, "messageId" desc, topic desc limit $7`,
    valuesOf(filter, range),
  )
  return rows.map(toListed)
}
