import type { NotificationId, PushSubscription, PushSubscriptionId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

/** A stored push subscription: the endpoint of its push service, and the keys of the browser. */
export interface StoredSubscription {
  subscriptionId: PushSubscriptionId
  userId: UserId
  endpoint: string
  p256dh: string
  auth: string
  /** Our public key with which it subscribed. */
  serverKey: string
  device: string | null
  sessionId: string
  /** When that session first registered it. */
  createdAt: Date
}

type Shown = Omit<PushSubscription, 'service' | 'current' | 'device' | 'lastUsedAt'> &
  Pick<StoredSubscription, 'endpoint' | 'sessionId' | 'device'> & { lastUsedAt: Date | null }

const shown = `p.id as "subscriptionId", p.endpoint, p.device, p.session_id as "sessionId",
    p.created_at as "createdAt",
  p.last_used_at as "lastUsedAt"`

/**
 * Saves a subscription; an existing one of its endpoint moves to this user and session. Returns null if the
 * endpoint is another account's with other keys, which no browser sends.
 */
export async function saveSubscription(
  tx: Tx,
  subscription: StoredSubscription,
): Promise<(Shown & { isNew: boolean }) | null> {
  const { subscriptionId, userId, endpoint, p256dh, auth, serverKey, device, sessionId, createdAt } =
    subscription
  const [saved] = await tx.query<Shown & { isNew: boolean }>(
    `insert into push_subscriptions as p (id, user_id, endpoint, p256dh, auth, server_key, device,
       session_id, created_at)
     values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8::uuid, $9)
     on conflict (endpoint) do update set user_id = excluded.user_id, p256dh = excluded.p256dh,
       auth = excluded.auth,
       server_key = excluded.server_key, session_id = excluded.session_id,
       id = case when p.user_id = excluded.user_id then p.id else excluded.id end,
       device = case when p.user_id = excluded.user_id then coalesce(excluded.device, p.device)
         else excluded.device end,
       created_at = case when p.session_id = excluded.session_id then p.created_at
         else excluded.created_at end,
       last_used_at = case when p.user_id = excluded.user_id then p.last_used_at end
     where p.user_id = excluded.user_id or (p.p256dh, p.auth) = (excluded.p256dh, excluded.auth)
     returning ${shown}, p.id = $1::uuid as "isNew"`,
    [subscriptionId, userId, endpoint, p256dh, auth, serverKey, device, sessionId, createdAt],
  )
  return saved ?? null
}

/** Locks the subscriptions of a user until the transaction ends. */
export async function lockSubscriptionsOf(tx: Tx, userId: UserId): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('push ' || $1, 0))`, [userId])
}

/** Removes the least recently used subscriptions of a user, all but `max`. */
export async function keepNewest(tx: Tx, userId: UserId, max: number): Promise<void> {
  await tx.query(
    `delete from push_subscriptions where id in (
       select id from push_subscriptions where user_id = $1::uuid
       order by greatest(last_used_at, created_at) desc, created_at desc, id desc offset $2)`,
    [userId, max],
  )
}

/** Lists a user's subscriptions, the newest first. */
export const listSubscriptions = (sql: Sql, userId: UserId): Promise<Shown[]> =>
  sql.query<Shown>(
    `select ${shown} from push_subscriptions p where p.user_id = $1::uuid order by p.created_at desc, p.id`,
    [userId],
  )

/** Removes a user's subscription; false if there is none. */
export async function removeSubscription(
  sql: Sql,
  userId: UserId,
  subscriptionId: PushSubscriptionId,
): Promise<boolean> {
  const removed = await sql.query(
    'delete from push_subscriptions where id = $1::uuid and user_id = $2::uuid returning id',
    [subscriptionId, userId],
  )
  return removed.length === 1
}

/**
 * Removes subscriptions that were added by these sessions, and all of the user's that were added until
 * `allUntil`.
 */
export async function removeOfSessions(
  tx: Tx,
  {
    userId,
    sessionIds,
    allUntil,
  }: { userId: UserId; sessionIds: readonly string[]; allUntil?: Date | undefined },
): Promise<void> {
  await tx.query('delete from push_subscriptions where session_id = any($1::uuid[])', [sessionIds])
  if (allUntil === undefined) return
  await tx.query('delete from push_subscriptions where user_id = $1::uuid and created_at <= $2', [
    userId,
    allUntil,
  ])
}

/** Removes a subscription that its push service no longer knows. */
export async function removeGone(
  sql: Sql,
  { subscriptionId, endpoint }: Pick<Device, 'subscriptionId' | 'endpoint'>,
): Promise<void> {
  await sql.query('delete from push_subscriptions where id = $1::uuid and endpoint = $2', [
    subscriptionId,
    endpoint,
  ])
}

/** A device of a notification's recipient. `outcome`: null if it is not final. */
export interface Device extends Pick<StoredSubscription, 'subscriptionId' | 'endpoint' | 'p256dh' | 'auth'> {
  outcome: string | null
  /** When sending first failed. */
  failedSince: Date | null
  /** Its push service accepts none before. */
  notBefore: Date | null
}

/** Finds the current devices of a notification's recipient that subscribed with this server key. */
export const findDevices = (sql: Sql, notificationId: NotificationId, serverKey: string): Promise<Device[]> =>
  sql.query<Device>(
    `select p.id as "subscriptionId", p.endpoint, p.p256dh, p.auth,
       case jsonb_typeof(n.pushed -> p.id::text) when 'string' then n.pushed ->> p.id::text end as outcome,
       (n.pushed -> p.id::text ->> 'failedSince')::timestamptz as "failedSince",
       (n.pushed -> p.id::text ->> 'notBefore')::timestamptz as "notBefore"
     from notifications n join push_subscriptions p on p.user_id = n.recipient_id and p.server_key = $2
     where n.id = $1::uuid order by p.created_at`,
    [notificationId, serverKey],
  )

/** Finds the final outcomes of a notification, also on devices that are gone. */
export async function findOutcomes(sql: Sql, notificationId: NotificationId): Promise<string[]> {
  const [row] = await sql.query<{ outcomes: string[] }>(
    `select array(select value #>> '{}' from jsonb_each(coalesce(pushed, '{}'))
       where jsonb_typeof(value) = 'string') as outcomes
     from notifications where id = $1::uuid`,
    [notificationId],
  )
  return row?.outcomes ?? []
}

/** Saves the final outcome of a notification on a device. `usedAt`: when the device received it. */
export async function saveOutcome(
  sql: Sql,
  notificationId: NotificationId,
  {
    subscriptionId,
    outcome,
    usedAt,
  }: { subscriptionId: PushSubscriptionId; outcome: string; usedAt: Date | null },
): Promise<void> {
  await sql.query(
    `with used as (update push_subscriptions set last_used_at = $4::timestamptz where id = $2::uuid
       and $4::timestamptz is not null)
     update notifications set pushed = coalesce(pushed, '{}') || jsonb_build_object($2::text, $3::text)
     where id = $1::uuid and status = 'SENDING'`,
    [notificationId, subscriptionId, outcome, usedAt],
  )
}

/** Saves since when a notification cannot reach a device, and when to retry. */
export async function saveWait(
  sql: Sql,
  notificationId: NotificationId,
  { subscriptionId, failedSince, notBefore }: Pick<Device, 'subscriptionId' | 'failedSince' | 'notBefore'>,
): Promise<void> {
  await sql.query(
    `update notifications set pushed = coalesce(pushed, '{}') || jsonb_build_object($2::text, $3::jsonb)
     where id = $1::uuid and status = 'SENDING'`,
    [notificationId, subscriptionId, JSON.stringify({ failedSince, notBefore })],
  )
}
