import {
  isCommandQueue,
  isFromOutside,
  messages,
  type Queue,
  queueNames,
  queues,
  serviceKeys,
} from '@boxoffice/contracts'
import type { Query, Violation } from './observed.ts'

/** I10, first half. */
export async function unpublished(query: Query): Promise<Violation> {
  const sql = 'select message_id, topic, event_type, attempts from outbox where published_at is null'
  const rows = (await Promise.all(serviceKeys.map((service) => query(service, sql)))).flat()
  return { invariant: 'I10', statement: 'every committed message is published', rows }
}

/** I10, second half: every subscribed consumer has handled every message that was published for it. */
export async function unheard(query: Query): Promise<Violation> {
  const rows: unknown[] = []
  const published = (
    await Promise.all(
      serviceKeys.map((service) =>
        query<{ message_id: string; topic: string; event_type: string }>(
          service,
          `select message_id, topic, event_type from outbox where published_at is not null
           union all select message_id, topic, event_type from message_archive`,
        ),
      ),
    )
  ).flat()
  for (const queue of queueNames.filter((name) => !isFromOutside(name))) {
    const { consumer: service, subscriptions }: Queue = queues[queue]
    const due = published.filter(
      ({ topic, event_type }) =>
        (topic === queue && isCommandQueue(topic)) ||
        subscriptions.some(
          (one) => one.topic === topic && (one.eventTypes?.includes(event_type) ?? messages.has(event_type)),
        ),
    )
    const known = await query<{ message_id: string }>(
      service,
      'select message_id from inbox where consumer = $1',
      [queue],
    )
    const taken = new Set(known.map(({ message_id }) => message_id))
    rows.push(
      ...due.filter(({ message_id }) => !taken.has(message_id)).map((message) => ({ queue, ...message })),
    )
  }
  return {
    invariant: 'I10',
    statement: 'every published message was handled by every subscribed consumer',
    rows,
  }
}
