import type { Payload, sessionsEnded } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { lockSubscriptionsOf, removeOfSessions } from './subscription-repository.ts'

/** Longer than an access token lives (ten minutes at most), and than its last request takes. */
const REMEMBERED_MS = 3_600_000
const FORGOTTEN_AT_ONCE = 1_000

/**
 * Whether a sign-in ended of which an access token may still be about; under the lock of its user's
 * subscriptions.
 */
export async function isEnded(tx: Tx, sessionId: string): Promise<boolean> {
  return (await tx.query('select 1 from ended_sessions where session_id = $1::uuid', [sessionId])).length > 0
}

/**
 * Whoever signed out of a browser has no pushes there: what these sign-ins added goes, and they add nothing
 * more.
 */
export async function endSessions(tx: Tx, ended: Payload<typeof sessionsEnded>, now: Date): Promise<void> {
  await lockSubscriptionsOf(tx, ended.userId)
  await tx.query(
    `insert into ended_sessions (session_id, ended_at) select distinct id, $2::timestamptz from unnest($1::uuid[]) id
     on conflict do nothing`,
    [ended.sessionIds, now],
  )
  await removeOfSessions(tx, ended)
  await tx.query(
    `delete from ended_sessions where session_id in (
       select session_id from ended_sessions where ended_at < $1 order by ended_at limit $2 for update skip locked)`,
    [new Date(now.getTime() - REMEMBERED_MS), FORGOTTEN_AT_ONCE],
  )
}
