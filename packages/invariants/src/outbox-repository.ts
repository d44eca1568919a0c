import type { Invariant } from './invariant.ts'

/** The invariants of every service's outbox. */
export const outboxInvariants: readonly Invariant[] = [
  {
    invariant: 'I10',
    statement: 'every committed message is published',
    holds: 'WHEN_IDLE',
    sql: 'select message_id, topic, event_type, attempts from outbox where published_at is null',
  },
  {
    invariant: 'I10',
    statement: 'no message waits for more than ten minutes to be published',
    holds: 'ALWAYS',
    sql: `select message_id, topic, event_type, attempts from outbox
      where published_at is null and created_at < clock_timestamp() - interval '10 minutes'`,
  },
]
