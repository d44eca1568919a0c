import type { OrderId, SagaFigures, SagaJournal } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

type Row = Pick<SagaFigures, 'orderId' | 'state' | 'since' | 'attempts'> & {
  lastError: string | null
  leaseUntil: Date | null
  nextAttemptAt: Date | null
}
const toFigures = ({ lastError, leaseUntil, nextAttemptAt, ...row }: Row): SagaFigures => ({
  ...row,
  ...(lastError && { lastError }),
  ...(leaseUntil && { leaseUntil }),
  ...(nextAttemptAt && { nextAttemptAt }),
})
const columns = `order_id as "orderId", state, since, attempts, last_error as "lastError",
  leased_until as "leaseUntil", next_attempt_at as "nextAttemptAt"`

export async function countSagas(sql: Sql): Promise<Record<string, number>> {
  const statement = 'select state, count(*)::int as count from sagas group by state'
  const rows = await sql.query<{ state: string; count: number }>(statement)
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/**
 * Returns sagas of a state, or all in progress, latest change first, from `after` on; one more than `limit`.
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
    `select seq, at, moment, step, result, state, fence, input, detail from saga_events
     where order_id = $1 order by seq`,
    [orderId],
  )

/** Makes a waiting saga due now, as for a first attempt; null if it has ended. */
export async function retryNow(sql: Sql, orderId: OrderId): Promise<SagaFigures | null> {
  const [row] = await sql.query<Row>(
    `update sagas set next_attempt_at = clock_timestamp(), attempts = 0
     where order_id = $1 and next_attempt_at is not null returning ${columns}`,
    [orderId],
  )
  return row ? toFigures(row) : null
}
