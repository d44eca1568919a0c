import type { OrderId, SagaFigures, SagaJournal } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

interface Row {
  order_id: OrderId
  state: string
  since: Date
  attempts: number
  last_error: string | null
  leased_until: Date | null
  next_attempt_at: Date | null
}
const toFigures = (row: Row): SagaFigures => ({
  orderId: row.order_id,
  state: row.state,
  since: row.since,
  attempts: row.attempts,
  ...(row.last_error && { lastError: row.last_error }),
  ...(row.leased_until && { leaseUntil: row.leased_until }),
  ...(row.next_attempt_at && { nextAttemptAt: row.next_attempt_at }),
})
const columns = 'order_id, state, since, attempts, last_error, leased_until, next_attempt_at'

export async function countSagas(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from sagas group by state',
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/**
 * Sagas of a state, or all that have something left to do; those that came there last first, from `after` on;
 * one more than `limit`.
 */
export async function listSagas(
  sql: Sql,
  state: string | undefined,
  limit: number,
  after: { since: Date; orderId: string } | null,
): Promise<SagaFigures[]> {
  const rows = await sql.query<Row>(
    `select ${columns} from sagas
     where ${state ? 'state = $1' : '$1::text is null and next_attempt_at is not null'}
       and ($2::timestamptz is null or (since, order_id) < ($2, $3::uuid))
     order by since desc, order_id desc limit $4`,
    [state ?? null, after?.since ?? null, after?.orderId ?? null, limit + 1],
  )
  return rows.map(toFigures)
}

export async function findSagaFigures(sql: Sql, orderId: OrderId): Promise<SagaFigures | null> {
  const [row] = await sql.query<Row>(`select ${columns} from sagas where order_id = $1`, [orderId])
  return row ? toFigures(row) : null
}

export const listJournal = (sql: Sql, orderId: OrderId): Promise<SagaJournal['events']> =>
  sql.query(
    'select seq, at, moment, step, result, state, fence, input, detail from saga_events where order_id = $1 order by seq',
    [orderId],
  )

/** A saga that waits is due now, as if it were its first attempt; null where it has nothing left to do. */
export async function endWait(sql: Sql, orderId: OrderId): Promise<SagaFigures | null> {
  const [row] = await sql.query<Row>(
    `update sagas set next_attempt_at = clock_timestamp(), attempts = 0
     where order_id = $1 and next_attempt_at is not null returning ${columns}`,
    [orderId],
  )
  return row ? toFigures(row) : null
}
