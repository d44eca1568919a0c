import type { Sql } from '@boxoffice/service-kit'
import type { SentBy } from '../preferences/preference.ts'
import type { LeasedNotification } from './notification.ts'
import { mayHaveContact } from './notification-repository.ts'
import { inOrder } from './priority.ts'

/** The order of leasing: by priority and due time, or by due time alone. */
export type Order = 'PRIORITY' | 'AGE'

/** How many may be leased of each channel; a channel that is not named has no capacity. */
export type Capacity = ReadonlyMap<SentBy, number>

export interface Leasing {
  readonly lease: string
  readonly bulk: boolean
  /** null: any channel. */
  readonly capacity: Capacity | null
  readonly order: Order
  readonly limit: number
  readonly leaseMs: number
}

/**
 * Leases up to `limit` due notifications of a lane: new ones, retries, and ones whose process died. They
 * become SENDING. With `capacity` it may lease fewer, when the first `limit` exceed the capacity of a
 * channel.
 */
export function leaseDue(
  sql: Sql,
  { lease, bulk, capacity, order, limit, leaseMs }: Leasing,
): Promise<LeasedNotification[]> {
  const values = [bulk, limit, lease, leaseMs]
  return capacity === null
    ? sql.query<LeasedNotification>(leasing(order, '', 'select id from due'), values)
    : sql.query<LeasedNotification>(leasing(order, OF_CHANNELS, within(order)), [
        ...values,
        [...capacity.keys()],
        [...capacity.values()],
      ])
}

const OF_CHANNELS = 'and channel = any($5::notification_channel[])'

/** SQL: the due rows within the capacity of each channel, in this order. */
const within = (order: Order) => `
  select placed.id
  from (select id, channel, row_number() over
      (partition by channel order by ${order === 'PRIORITY' ? 'priority desc, ' : ''}next_attempt_at) as place
    from due) placed
    join unnest($5::notification_channel[], $6::int[]) room (channel, places)
      on room.channel = placed.channel and placed.place <= room.places`

/**
 * SQL: the due rows, the oldest first. `now()` rather than `clock_timestamp()`, which cannot use the index:
 * scheduled rows are not read. Times are rounded to milliseconds, so a row due in half a millisecond counts.
 */
const due = (more: string) => `
  select id, channel, priority, next_attempt_at from notifications
  where status in ('PENDING', 'SENDING') and bulk = $1 and next_attempt_at <= now() + interval '1 millisecond'
    and (leased_until is null or leased_until < now()) ${more}
  order by next_attempt_at limit $2::int for update skip locked`

/**
 * SQL: one priority after the other, each from its own range of the index and only as many as the previous
 * ones left; with none left it is not read.
 */
function byPriority(more: string): string {
  const parts = inOrder.map((priority, index) => {
    const taken = inOrder.slice(0, index).map((other) => ` - (select count(*) from ${other.toLowerCase()})`)
    return `${priority.toLowerCase()} as (select * from (${due(`and priority = '${priority}' ${more}`)}) one
      limit $2::int${taken.join('')})`
  })
  const all = inOrder.map((priority) => `select * from ${priority.toLowerCase()}`).join(' union all ')
  return `${parts.join(',\n')},\ndue as (${all})`
}

const leasing = (order: Order, more: string, taken: string) => `
  with ${order === 'AGE' ? `due as (${due(more)})` : byPriority(more)}
  update notifications n set status = 'SENDING', attempts = attempts + 1,
    lease = $3::uuid, leased_until = clock_timestamp() + $4 * interval '1 millisecond'
  from (${taken}) taken where n.id = taken.id
  returning n.id as "notificationId", n.traceparent, n.type::text as type, n.channel::text as channel,
    n.recipient_id as "recipientId", n.order_id as "orderId", n.event_id as "eventId", n.address,
    n.own_subject as "ownSubject", n.resend_of as "resendOf", n.urgent, n.priority::text as priority,
    n.template, n.requested_by as "requestedBy", n.notify_result as "notifyResult", n.bulk, n.payload,
    n.correlation_id as "correlationId", n.created_at as "createdAt",
    coalesce((select o.created_at from notifications o where o.id = n.resend_of), n.created_at) as "causedAt",
    n.attempts, n.lease, ${mayHaveContact} as "mayHaveContact"`
