import { batchPerTick } from '../batch-per-tick.ts'
import type { Sql } from '../database/database.ts'
import type { Logger } from '../operations/logging.ts'
import type { Metrics } from '../operations/metrics.ts'
import { createSweeper } from '../operations/sweeper.ts'
import type { Worker } from '../operations/worker.ts'
import type { WireAnswer } from './answer.ts'

/** The right to execute a request under its key, until `leasedUntil`. */
export interface Lease {
  readonly scope: string
  readonly key: string
  readonly token: string
}

export type Begun =
  | { outcome: 'started'; lease: Lease; resourceId: string }
  | { outcome: 'replay'; answer: WireAnswer }
  | { outcome: 'in-progress' }
  | { outcome: 'mismatch' }

export interface IdempotencyStore {
  /**
   * Claims a key. If its process died, the key can be claimed again with the same `resourceId` when its lease
   * (30 s) has expired.
   */
  begin(request: { scope: string; key: string; bodyHash: string }): Promise<Begun>
  complete(lease: Lease, answer: WireAnswer): Promise<void>
  abandon(lease: Lease): Promise<void>
  /** Deletes a batch of keys older than 24 h; returns whether there is more. */
  sweep(): Promise<{ more: boolean }>
}

interface Row {
  outcome: 'started' | 'kept'
  scope: string
  key: string
  bodyHash: string
  resourceId: string
  status: number | null
  answer: string | null
}

const SWEEP_BATCH = 1_000
const SWEEP_INTERVAL_MS = 600_000

/** Creates the worker that deletes keys after 24 h. */
export const createIdempotencySweeper = (options: {
  idempotency: IdempotencyStore
  logger: Logger
}): Worker =>
  createSweeper({
    name: 'idempotency keys',
    intervalMs: SWEEP_INTERVAL_MS,
    sweep: options.idempotency.sweep,
    logger: options.logger,
  })

/**
 * Stores keys in the service's own database (table `idempotency_keys`) for 24 h. Stores only text answers:
 * routes with keys answer JSON. The requests of one tick are claimed by one statement, and their answers
 * stored by one.
 */
export function createIdempotencyStore(
  sql: Sql,
  { metrics, leaseMs }: { metrics: Pick<Metrics, 'idempotentRequests'>; leaseMs: number },
): IdempotencyStore {
  const claimOne = batchPerTick((asked: readonly Asked[]) => claim(sql, asked, leaseMs), { keyOf: idOf })
  const keepOne = batchPerTick((answers: readonly Kept[]) => keep(sql, answers), {
    keyOf: ({ lease }) => idOf(lease),
  })
  return {
    async begin(request) {
      const begun = await claimOne({ ...request, token: crypto.randomUUID() })
      metrics.idempotentRequests.inc({ outcome: begun.outcome })
      return begun
    },
    async complete(lease, answer) {
      await keepOne({ lease, answer })
    },
    async abandon({ scope, key, token }) {
      // Ends the lease; the resource id stays, so that a repetition finds what may have been created.
      await sql.query(
        `update idempotency_keys set leased_until = clock_timestamp()
         where scope = $1 and key = $2 and lease = $3`,
        [scope, key, token],
      )
    },
    async sweep() {
      const deleted = await sql.query(
        `delete from idempotency_keys where (scope, key) in
           (select scope, key from idempotency_keys where expires_at < clock_timestamp()
            limit ${SWEEP_BATCH} for update skip locked)
         returning key`,
      )
      return { more: deleted.length === SWEEP_BATCH }
    },
  }
}

type Asked = Parameters<IdempotencyStore['begin']>[0] & { token: string }
interface Kept {
  lease: Lease
  answer: WireAnswer
}
const idOf = ({ scope, key }: { scope: string; key: string }) => `${scope} ${key}`

/**
 * Claims keys independently of each other. All statements lock rows in key order, so that batches cannot
 * deadlock.
 */
async function claim(sql: Sql, asked: readonly Asked[], leaseMs: number): Promise<Begun[]> {
  // In one statement: inserts, takes over an expired or abandoned key, or else reads the existing row.
  const rows = await sql.query<Row>(
    `with asked as (
       select scope, key, body_hash, token
       from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as asked(scope, key, body_hash, token)),
     claimed as (
       insert into idempotency_keys as k (scope, key, body_hash, resource_id, lease, leased_until, expires_at)
       select scope, key, body_hash, token, token,
         clock_timestamp() + $5 * interval '1 millisecond', clock_timestamp() + interval '24 hours'
       from asked order by scope, key
       on conflict (scope, key) do update set
         lease = excluded.lease, leased_until = excluded.leased_until,
         body_hash = case when k.expires_at < clock_timestamp() then excluded.body_hash else k.body_hash end,
         resource_id = case when k.expires_at < clock_timestamp() then excluded.resource_id
           else k.resource_id end,
         status = null, answer = null, expires_at = excluded.expires_at
       where k.expires_at < clock_timestamp()
          or (k.status is null and k.leased_until < clock_timestamp() and k.body_hash = excluded.body_hash)
       returning 'started' as outcome, scope, key, body_hash as "bodyHash", resource_id as "resourceId",
         status, answer)
     select outcome, scope, key, "bodyHash", "resourceId", status, answer from claimed
     union all
     select 'kept', k.scope, k.key, k.body_hash, k.resource_id, k.status, k.answer
     from asked join idempotency_keys k on k.scope = asked.scope and k.key = asked.key
     where not exists (select from claimed where claimed.scope = k.scope and claimed.key = k.key)`,
    [
      asked.map(({ scope }) => scope),
      asked.map(({ key }) => key),
      asked.map(({ bodyHash }) => bodyHash),
      asked.map(({ token }) => token),
      leaseMs,
    ],
  )
  const found = new Map(rows.map((row) => [idOf(row), row]))
  return asked.map((one) => begunOf(one, found.get(idOf(one))))
}

function begunOf({ scope, key, bodyHash, token }: Asked, row: Row | undefined): Begun {
  if (!row) return { outcome: 'in-progress' } // inserted by another transaction after our snapshot
  if (row.outcome === 'started')
    return { outcome: 'started', lease: { scope, key, token }, resourceId: row.resourceId }
  if (row.bodyHash !== bodyHash) return { outcome: 'mismatch' }
  if (row.status === null) return { outcome: 'in-progress' }
  const contentType = row.answer === null ? null : 'application/json'
  return { outcome: 'replay', answer: { status: row.status, contentType, body: row.answer } }
}

/** Stores first answers, each only if its lease is still held. */
async function keep(sql: Sql, answers: readonly Kept[]): Promise<null[]> {
  await sql.query(
    `with given as (
       select k.scope, k.key, given.status, given.answer
       from unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::text[])
         as given(scope, key, lease, status, answer)
       join idempotency_keys k on k.scope = given.scope and k.key = given.key and k.lease = given.lease
       order by k.scope, k.key for update of k)
     update idempotency_keys k set status = given.status, answer = given.answer
     from given where k.scope = given.scope and k.key = given.key`,
    [
      answers.map(({ lease }) => lease.scope),
      answers.map(({ lease }) => lease.key),
      answers.map(({ lease }) => lease.token),
      answers.map(({ answer }) => answer.status),
      answers.map(({ answer }) => answer.body),
    ],
  )
  return answers.map(() => null)
}
