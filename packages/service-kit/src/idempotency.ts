import type pg from 'pg'
import type { WireAnswer } from './answer.ts'
import type { Logger } from './logging.ts'
import type { Metrics } from './metrics.ts'
import { createSweeper } from './sweeper.ts'
import type { Worker } from './worker.ts'

/** Our right to execute a request under its key, until `leasedUntil` has passed. */
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
  /** Claim a key. A key whose process died is claimed again when its lease (30 s) has passed, with the same `resourceId`. */
  begin(request: { scope: string; key: string; bodyHash: string }): Promise<Begun>
  complete(lease: Lease, answer: WireAnswer): Promise<void>
  abandon(lease: Lease): Promise<void>
  /** Delete a batch of what is older than 24 h; whether there is more. */
  sweep(): Promise<{ more: boolean }>
}

interface Row {
  outcome: 'started' | 'kept'
  body_hash: string
  resource_id: string
  status: number | null
  answer: string | null
}

const SWEEP_BATCH = 1_000
const SWEEP_INTERVAL_MS = 600_000

/** Forgets keys that have had their 24 h. */
export const createIdempotencySweeper = (options: { idempotency: IdempotencyStore; logger: Logger }): Worker =>
  createSweeper({
    name: 'idempotency keys',
    intervalMs: SWEEP_INTERVAL_MS,
    sweep: options.idempotency.sweep,
    logger: options.logger,
  })

/**
 * Keys in the service's own database (table `idempotency_keys`), for 24 h. Only text answers are kept: the routes that honour
 * keys answer JSON.
 */
export function createIdempotencyStore(
  pool: pg.Pool,
  { metrics, leaseMs }: { metrics: Pick<Metrics, 'idempotentRequests'>; leaseMs: number },
): IdempotencyStore {
  return {
    async begin(request) {
      const begun = await claim(pool, request, leaseMs)
      metrics.idempotentRequests.inc({ outcome: begun.outcome })
      return begun
    },
    async complete({ scope, key, token }, answer) {
      await pool.query('update idempotency_keys set status = $4, answer = $5 where scope = $1 and key = $2 and lease = $3', [
        scope,
        key,
        token,
        answer.status,
        answer.body,
      ])
    },
    async abandon({ scope, key, token }) {
      // The lease ends now; the resource id stays, so that a repetition finds what may have been made.
      await pool.query(
        'update idempotency_keys set leased_until = clock_timestamp() where scope = $1 and key = $2 and lease = $3',
        [scope, key, token],
      )
    },
    async sweep() {
      const { rowCount } = await pool.query(
        `delete from idempotency_keys where (scope, key) in
           (select scope, key from idempotency_keys where expires_at < clock_timestamp() limit ${SWEEP_BATCH} for update skip locked)`,
      )
      return { more: rowCount === SWEEP_BATCH }
    },
  }
}

async function claim(
  pool: pg.Pool,
  { scope, key, bodyHash }: Parameters<IdempotencyStore['begin']>[0],
  leaseMs: number,
): Promise<Begun> {
  const token = crypto.randomUUID()
  // One statement: insert, or take over what has expired or was left by a dead process, or else read what stands there.
  const { rows } = await pool.query<Row>(
    `with claimed as (
       insert into idempotency_keys as k (scope, key, body_hash, resource_id, lease, leased_until, expires_at)
       values ($1, $2, $3, $4, $4, clock_timestamp() + $5 * interval '1 millisecond', clock_timestamp() + interval '24 hours')
       on conflict (scope, key) do update set
         lease = excluded.lease, leased_until = excluded.leased_until,
         body_hash = case when k.expires_at < clock_timestamp() then excluded.body_hash else k.body_hash end,
         resource_id = case when k.expires_at < clock_timestamp() then excluded.resource_id else k.resource_id end,
         status = null, answer = null, expires_at = excluded.expires_at
       where k.expires_at < clock_timestamp()
          or (k.status is null and k.leased_until < clock_timestamp() and k.body_hash = excluded.body_hash)
       returning 'started' as outcome, body_hash, resource_id, status, answer)
     select outcome, body_hash, resource_id, status, answer from claimed
     union all
     select 'kept', body_hash, resource_id, status, answer from idempotency_keys
     where scope = $1 and key = $2 and not exists (select from claimed)`,
    [scope, key, bodyHash, token, leaseMs],
  )
  const row = rows[0]
  if (!row) return { outcome: 'in-progress' } // inserted by another after our snapshot was taken
  if (row.outcome === 'started') return { outcome: 'started', lease: { scope, key, token }, resourceId: row.resource_id }
  if (row.body_hash !== bodyHash) return { outcome: 'mismatch' }
  if (row.status === null) return { outcome: 'in-progress' }
  const contentType = row.answer === null ? null : 'application/json'
  return { outcome: 'replay', answer: { status: row.status, contentType, body: row.answer } }
}
