import type { Payload, sessionsEnded } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { lockSubscriptionsOf, removeOfSessions } from './subscription-repository.ts'

/** Longer than an access token is valid (ten minutes at most) plus its last request. */
const KEPT_MS = 3_600_000
const DELETED_AT_ONCE = 1_000

/**
 * Whether a session has ended whose access token may still be valid. Call it under the lock of the user's
 * subscriptions.
 */
export async function isEnded(tx: Tx, sessionId: string): Promise<boolean> {
  return (await tx.query('select 1 from ended_sessions where session_id = $1::uuid', [sessionId])).length > 0
}

/** Removes the push subscriptions of ended sessions, and keeps these sessions from adding new ones. */
export async function endSessions(tx: Tx, ended: Payload<typeof sessionsEnded>, now: Date): Promise<void> {
  await lockSubscriptionsOf(tx, ended.userId)
  await tx.query(
    `insert into ended_sessions (session_id, ended_at) select distinct id, $2::timestamptz
     from unnest($1::uuid[]) id
     on conflict do nothing`,
    [ended.sessionIds, now],
  )
  await removeOfSessions(tx, ended)
  await tx.query(
    `delete from ended_sessions where session_id in (
       select session_id from ended_sessions where ended_at < $1 order by ended_at limit $2
       for update skip locked)`,
    [new Date(now.getTime() - KEPT_MS), DELETED_AT_ONCE],
  )
}
