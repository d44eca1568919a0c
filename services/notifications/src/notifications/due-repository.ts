import type { Sql } from '@boxoffice/service-kit'

// Notifications that wait for quiet hours or for the limit of others' notifications are not due.

/** Counts notifications that are due and not sent. */
export const countDue = (sql: Sql): Promise<number> => valueOfDue(sql, 'count(*)::int')

/** Returns the age in seconds of the oldest due notification; 0 if there is none. */
export const findOldestDueSeconds = (sql: Sql): Promise<number> =>
  // One that waited for quiet hours is due since their end; a failed attempt does not make it younger. Pushes
  // are left out: one browser that never reconnects delays its push for hours, which should not alert
  // operators.
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
