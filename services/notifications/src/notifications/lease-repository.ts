import type { Sql } from '@boxoffice/service-kit'
import type { SentBy } from '../preferences/preference.ts'
import type { LeasedNotification } from './notification.ts'
import { mayHaveContact } from './notification-repository.ts'
import { inOrder } from './priority.ts'

/**
 * In whose order: by priority, in each of them by when it was due; or by that alone, whatever the priority.
 */
export type Order = 'PRIORITY' | 'AGE'

/** How many may be taken of each channel; one that is not named has no room. */
export type Rooms = ReadonlyMap<SentBy, number>

export interface Leasing {
  readonly lease: string
  readonly bulk: boolean
  /** null: whatever the channel. */
  readonly rooms: Rooms | null
  readonly order: Order
  readonly limit: number
  readonly leaseMs: number
}

/**
 * Take up to `limit` notifications of a lane that are due: untried ones, ones to try again, ones whose
 * process died. They are SENDING. With `rooms` it is fewer where the first `limit` have more of a channel
 * than there is room for.
 */
export function leaseDue(
  sql: Sql,
  { lease, bulk, rooms, order, limit, leaseMs }: Leasing,
): Promise<LeasedNotification[]> {
  const values = [bulk, limit, lease, leaseMs]
  return rooms === null
    ? sql.query<LeasedNotification>(leasing(order, '', 'select id from due'), values)
    : sql.query<LeasedNotification>(leasing(order, OF_CHANNELS, within(order)), [
        ...values,
        [...rooms.keys()],
        [...rooms.values()],
      ])
}

const OF_CHANNELS = 'and channel = any($5::notification_channel[])'

/** SQL: of those that are due no more of a channel than it has room for, the first of them in this order. */
const within = (order: Order) => `
  select placed.id
  from (select id, channel, row_number() over
      (partition by channel order by ${order === 'PRIORITY' ? 'priority desc, ' : ''}next_attempt_at) as place from due) placed
    join unnest($5::notification_channel[], $6::int[]) room (channel, places)
      on room.channel = placed.channel and placed.place <= room.places`

/**
 * SQL: the rows that are due, the oldest first. `now()` and not `clock_timestamp()`, which no index is asked
 * by: what is scheduled is not read. Times are kept in milliseconds, rounded: what was due half of one ago
 * counts.
 */
const due = (more: string) => `
  select id, channel, priority, next_attempt_at from notifications
  where status in ('PENDING', 'SENDING') and bulk = $1 and next_attempt_at <= now() + interval '1 millisecond'
    and (leased_until is null or leased_until < now()) ${more}
  order by next_attempt_at limit $2::int for update skip locked`

/**
 * SQL: a priority after the other, each from its own range of the index, and only as many as those before it
 * left: with none left it is not looked at.
 */
function byPriority(more: string): string {
  const parts = inOrder.map((priority, index) => {
    const taken = inOrder.slice(0, index).map((other) => ` - (select count(*) from ${other.toLowerCase()})`)
    return `${priority.toLowerCase()} as (select * from (${due(`and priority = '${priority}' ${more}`)}) one limit $2::int${taken.join('')})`
  })
  const all = inOrder.map((priority) => `select * from ${priority.toLowerCase()}`).join(' union all ')
  return `${parts.join(',\n')},\ndue as (${all})`
}

const leasing = (order: Order, more: string, taken: string) => `
  with ${order === 'AGE' ? `due as (${due(more)})` : byPriority(more)}
  update notifications n set status = 'SENDING', attempts = attempts + 1,
    lease = $3::uuid, leased_until = clock_timestamp() + $4 * interval '1 millisecond'
  from (${taken}) taken where n.id = taken.id
  returning n.id as "notificationId", n.traceparent, n.type::text as type, n.channel::text as channel, n.recipient_id as "recipientId",
    n.order_id as "orderId", n.event_id as "eventId", n.address, n.own_subject as "ownSubject", n.resend_of as "resendOf", n.urgent,
    n.priority::text as priority, n.template, n.requested_by as "requestedBy", n.notify_result as "notifyResult", n.bulk, n.payload,
    n.correlation_id as "correlationId", n.created_at as "createdAt", n.attempts, n.lease,
    ${mayHaveContact} as "mayHaveContact"`
