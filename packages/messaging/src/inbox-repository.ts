import type { QueueName } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** How long a consumer remembers what it handled. */
export const INBOX_DAYS = 60

/**
 * Inserts inbox rows in the transaction of the effect; returns the ids of the messages that are new. Inserts
 * in the order of ids, so that concurrent consumers of the same messages cannot deadlock.
 */
export async function recordInInbox(
  tx: Tx,
  consumer: QueueName,
  messages: readonly { messageId: string; eventType: string }[],
): Promise<Set<string>> {
  const rows = await tx.query<{ messageId: string }>(
    `insert into inbox (consumer, message_id, event_type)
     select $1, m.message_id, m.event_type from unnest($2::uuid[], $3::text[]) m(message_id, event_type)
     order by m.message_id
     on conflict do nothing returning message_id as "messageId"`,
    [consumer, messages.map(({ messageId }) => messageId), messages.map(({ eventType }) => eventType)],
  )
  return new Set(rows.map(({ messageId }) => messageId))
}
