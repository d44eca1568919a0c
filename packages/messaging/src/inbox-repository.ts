import type { QueueName } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/**
 * Remember what a consumer takes, in the transaction of its effect: the ids of those messages that were not
 * taken before. In the order of their ids, so that two who take the same wait for each other and never in a
 * circle.
 */
export async function rememberInInbox(
  tx: Tx,
  consumer: QueueName,
  messages: readonly { messageId: string; eventType: string }[],
): Promise<Set<string>> {
  const rows = await tx.query<{ messageId: string }>(
    `insert into inbox (consumer, message_id, event_type)
     select $1, m.message_id, m.event_type from unnest($2::uuid[], $3::text[]) m(message_id, event_type) order by m.message_id
     on conflict do nothing returning message_id as "messageId"`,
    [consumer, messages.map(({ messageId }) => messageId), messages.map(({ eventType }) => eventType)],
  )
  return new Set(rows.map(({ messageId }) => messageId))
}
