import type { Sql } from '@boxoffice/service-kit'

// What quiet hours hold up, or what others caused, is not due.

/** How many notifications are due and not sent. */
export const countDue = (sql: Sql): Promise<number> => valueOfDue(sql, 'count(*)::int')

/** For how many seconds the oldest notification that is due has been; 0 where none is. */
export const findOldestDueSeconds = (sql: Sql): Promise<number> =>
  // One that waited for the morning is due since then; an attempt that fails does not make it younger. One
  // browser that is never there again holds its push up for hours, which should alarm no one.
  valueOfDue(
    sql,
    `coalesce(extract(epoch from clock_timestamp()
       - min(greatest(held_until, case when urgent or attempts > 1 then created_at else next_attempt_at end))
         filter (where channel <> 'PUSH')), 0)::float8`,
  )

async function valueOfDue(sql: Sql, value: string): Promise<number> {
  const [row] = await sql.query<{ value: number }>(
    `select ${value} as value from notifications
     where status in ('PENDING', 'SENDING') and (attempts > 0 or next_attempt_at <= clock_timestamp())
       and (held_until is null or held_until <= clock_timestamp())`,
  )
  return row?.value ?? 0
}
