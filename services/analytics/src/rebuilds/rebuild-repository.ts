import type { Rebuild } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import { type Source, sourceNames } from './rebuild.ts'

/**
 * Longer than reading a page takes (10 s at most); writing it locks the rebuild. Another process takes over
 * within this time.
 */
export const REBUILD_LEASE_SECONDS = 15
const LEASE = `clock_timestamp() + interval '${REBUILD_LEASE_SECONDS} seconds'`

/** Rebuilds as in the contract. */
const SHOWN = `select r.rebuild_id as "rebuildId", r.generation, r.status, r.started_at as "startedAt",
    r.ended_at as "endedAt",
    (select jsonb_agg(jsonb_build_object('service', s.service, 'taken', s.taken, 'total', s.total,
      'finished', s.finished) order by s.service)
     from rebuild_sources s where s.rebuild_id = r.rebuild_id) as sources,
    (select s.service || ': ' || s.last_error from rebuild_sources s
     where s.rebuild_id = r.rebuild_id and s.last_error is not null
     order by s.next_attempt_at desc limit 1) as "lastError"
  from rebuilds r`
type Shown = Omit<Rebuild, 'endedAt' | 'lastError'> & { endedAt: Date | null; lastError: string | null }

const viewOf = ({ endedAt, lastError, ...rebuild }: Shown): Rebuild => ({
  ...rebuild,
  ...(endedAt && { endedAt }),
  ...(lastError !== null && { lastError }),
})

export async function findRebuild(sql: Sql, rebuildId: string): Promise<Rebuild | null> {
  const [row] = await sql.query<Shown>(`${SHOWN} where r.rebuild_id = $1`, [rebuildId])
  return row ? viewOf(row) : null
}

/** Returns the running rebuild, or the last one. */
export async function findLastRebuild(sql: Sql): Promise<Rebuild | null> {
  const [row] = await sql.query<Shown>(`${SHOWN} order by r.generation desc limit 1`)
  return row ? viewOf(row) : null
}

/** Begins a rebuild into a new generation; false if one is running. Repeating the same id changes nothing. */
export async function insertRebuild(tx: Tx, rebuildId: string): Promise<boolean> {
  // Of two concurrent ones, the unique indexes (one BUILDING, one RUNNING) let one pass once the other has
  // committed.
  const [made] = await tx.query(
    `with made as (
       insert into generations (generation, state) select max(generation) + 1, 'BUILDING' from generations
       having not exists (select from rebuilds where rebuild_id = $1) on conflict do nothing
       returning generation)
     insert into rebuilds (rebuild_id, generation) select $1, generation from made returning rebuild_id`,
    [rebuildId],
  )
  if (!made) return (await tx.query('select from rebuilds where rebuild_id = $1', [rebuildId])).length > 0
  await tx.query('insert into rebuild_sources (rebuild_id, service) select $1, unnest($2::text[])', [
    rebuildId,
    sourceNames,
  ])
  return true
}

export interface LeasedRebuild {
  readonly rebuildId: string
  readonly generation: number
  readonly lease: string
}

/**
 * Leases the running rebuild for 15 s, or renews the lease; null if none is running or another process has
 * it.
 */
export async function leaseRebuild(sql: Sql, lease: string): Promise<LeasedRebuild | null> {
  const [row] = await sql.query<LeasedRebuild>(
    `update rebuilds set lease = $1::uuid, leased_until = ${LEASE}
     where rebuild_id in (
       select rebuild_id from rebuilds
       where status = 'RUNNING' and (lease = $1::uuid or leased_until is null
         or leased_until < clock_timestamp())
       for update skip locked)
     returning rebuild_id as "rebuildId", generation, lease`,
    [lease],
  )
  return row ?? null
}

/** Ends the lease, so that the next process need not wait for it to expire. */
export const releaseRebuild = (sql: Sql, lease: string) =>
  sql.query('update rebuilds set leased_until = null where lease = $1::uuid', [lease])

/**
 * Locks a rebuild in a transaction that writes for it; false if it is another process's now, or has ended.
 */
export async function holdRebuild(tx: Tx, { rebuildId, lease }: LeasedRebuild): Promise<boolean> {
  const held = await tx.query(
    `update rebuilds set leased_until = ${LEASE} where rebuild_id = $1 and lease = $2::uuid
       and status = 'RUNNING' returning rebuild_id`,
    [rebuildId, lease],
  )
  return held.length > 0
}

/** A source to continue; `isDue`: whether it may be called again. */
export interface OpenSource {
  readonly service: Source
  readonly cursor: string | null
  readonly isDue: boolean
  readonly attempts: number
}

/** Returns sources that are not finished, longest waiting first. */
export const listOpenSources = (sql: Sql, rebuildId: string): Promise<OpenSource[]> =>
  sql.query<OpenSource>(
    `select service, cursor, attempts, next_attempt_at <= clock_timestamp() as "isDue"
     from rebuild_sources where rebuild_id = $1 and not finished order by next_attempt_at, service`,
    [rebuildId],
  )

/** Saves that a page of a source was written, and where the next one begins; null after the last. */
export const putPage = (
  sql: Sql,
  rebuildId: string,
  page: { service: Source; taken: number; total: number | null; nextCursor: string | null },
) =>
  sql.query(
    `update rebuild_sources set cursor = $3, finished = $3::text is null, taken = taken + $4,
       total = coalesce($5, total),
       attempts = 0, next_attempt_at = clock_timestamp(), last_error = null
     where rebuild_id = $1 and service = $2`,
    [rebuildId, page.service, page.nextCursor, page.taken, page.total],
  )

/**
 * Saves why a page of a source failed, and when to retry. Does nothing if the rebuild is another process's
 * now.
 */
export const putFailure = (
  sql: Sql,
  { rebuildId, lease }: LeasedRebuild,
  failure: { service: Source; error: string; pauseSeconds: number },
) =>
  sql.query(
    `with ours as (
       select rebuild_id from rebuilds where rebuild_id = $1 and lease = $5::uuid and status = 'RUNNING'
       for update)
     update rebuild_sources s set attempts = attempts + 1, last_error = $3,
       next_attempt_at = clock_timestamp() + $4 * interval '1 second'
     from ours where s.rebuild_id = ours.rebuild_id and s.service = $2 and not s.finished`,
    [rebuildId, failure.service, failure.error, failure.pauseSeconds, lease],
  )

/** Switches to the rebuilt generation, in a transaction that has locked the rebuild. */
export async function switchTo(tx: Tx, { rebuildId, generation }: LeasedRebuild): Promise<void> {
  await tx.query(`update generations set state = 'RETIRED', since = clock_timestamp() where state = 'ACTIVE'`)
  await tx.query(`update generations set state = 'ACTIVE', since = clock_timestamp() where generation = $1`, [
    generation,
  ])
  await tx.query(`update rebuilds set status = 'DONE', ended_at = clock_timestamp() where rebuild_id = $1`, [
    rebuildId,
  ])
}

/** Cancels the rebuild and retires its generation; false if it is not running. */
export async function cancelRebuild(tx: Tx, rebuildId: string): Promise<boolean> {
  const [cancelled] = await tx.query<{ generation: number }>(
    `update rebuilds set status = 'CANCELLED', ended_at = clock_timestamp()
     where rebuild_id = $1 and status = 'RUNNING' returning generation`,
    [rebuildId],
  )
  if (!cancelled) return false
  await tx.query(
    `update generations set state = 'RETIRED', since = clock_timestamp() where generation = $1`,
    [cancelled.generation],
  )
  return true
}
