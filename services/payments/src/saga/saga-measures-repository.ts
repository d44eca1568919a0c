import type { SagaState } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

/** Returns how many sagas are in each non-terminal state, and for how long the oldest has been. */
export const measureSagas = (
  sql: Sql,
): Promise<{ state: SagaState; count: number; oldestSeconds: number }[]> =>
  sql.query(
    `select state, count(*)::int as count,
       extract(epoch from clock_timestamp() - min(since))::float8 as "oldestSeconds"
     from sagas where next_attempt_at is not null group by state`,
  )
