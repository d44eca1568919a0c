import type { Sql } from '@boxoffice/service-kit'
import type { Outgoing } from './outgoing.ts'

const CLAIM_MAX = 100

/** The outcome of sending one message. */
export interface Published {
  readonly message: Outgoing
  readonly published: boolean
}

/**
 * Claims up to a hundred unpublished messages under a lease, skipping those leased by others; of a group only
 * the first.
 */
export async function claimUnpublished(sql: Sql, lease: string, leaseMs: number): Promise<Outgoing[]> {
  const rows = await sql.query<Omit<Outgoing, 'body'> & { body: unknown }>(
    `with ready as (
       select message_id, topic from outbox o
       where published_at is null and (leased_until is null or leased_until < clock_timestamp())
         and (group_key is null or not exists (
           select from outbox earlier
           where earlier.topic = o.topic and earlier.group_key = o.group_key
             and earlier.published_at is null and earlier.position < o.position))
       order by position limit ${CLAIM_MAX} for update skip locked)
     update outbox o set lease = $1, leased_until = clock_timestamp() + $2 * interval '1 millisecond',
       attempts = attempts + 1
     from ready where o.message_id = ready.message_id and o.topic = ready.topic
     returning o.message_id as "messageId", o.topic, o.body, o.attributes, o.group_key as "group",
       o.attempts, o.lease`,
    [lease, leaseMs],
  )
  return rows.map((row) => ({ ...row, body: JSON.stringify(row.body) }))
}

/** The same back-off as in `markPublished`. */
export const waitSecondsAfter = (attempts: number) => Math.min(60, 2 ** (Math.min(attempts, 6) - 1))

/** Marks the published messages; the others are retried after 1, 2, 4 … at most 60 s. */
export async function markPublished(sql: Sql, outcomes: readonly Published[]): Promise<void> {
  await sql.query(
    `update outbox o set
       published_at = case when r.published then clock_timestamp() end,
       leased_until = case when r.published then o.leased_until
                      else clock_timestamp()
                        + least(60, power(2, least(o.attempts, 6) - 1)) * interval '1 second' end
     from unnest($1::uuid[], $2::text[], $3::boolean[], $4::uuid[]) r(message_id, topic, published, lease)
     where o.message_id = r.message_id and o.topic = r.topic and o.lease = r.lease`,
    [
      outcomes.map(({ message }) => message.messageId),
      outcomes.map(({ message }) => message.topic),
      outcomes.map(({ published }) => published),
      outcomes.map(({ message }) => message.lease),
    ],
  )
}
