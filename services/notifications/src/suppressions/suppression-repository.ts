import type { ListedSuppression, NotificationId, Suppression, SuppressionCause } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'

// Removing an address from the list keeps its row: late feedback from before that must not suppress it again.

/** Adds an address to the list or updates it: the latest feedback wins, if it is later than the removal. */
export async function suppress(
  db: Db,
  addressHash: string,
  { cause, reason, since, notificationId }: Suppression,
): Promise<void> {
  await db.prisma.$executeRaw`
    insert into mail_suppressions as known (address_hash, cause, reason, since, notification_id)
    values (${addressHash}, ${cause}, ${reason}, ${since}, ${notificationId ?? null}::uuid)
    on conflict on constraint mail_suppressions_pkey do update
      set reason = excluded.reason, since = excluded.since, notification_id = excluded.notification_id
      where excluded.since > greatest(known.since, known.lifted_at)`
}

/** Finds why an address is suppressed; empty if it is not. */
export async function findSuppressions(sql: Sql, addressHash: string): Promise<Suppression[]> {
  const rows = await sql.query<Stored<Suppression>>(
    `select cause, reason, since, notification_id as "notificationId" from mail_suppressions
     where address_hash = $1 and ${isSuppressed} order by cause`,
    [addressHash],
  )
  return rows.map(shownOf)
}

/** Lists suppressed addresses, the newest first, starting after `after`; one more than the limit. */
export async function listSuppressions(
  sql: Sql,
  { cause, since }: { cause?: SuppressionCause | undefined; since?: Date | undefined },
  {
    limit,
    after,
  }: { limit: number; after: Pick<ListedSuppression, 'since' | 'addressHash' | 'cause'> | null },
): Promise<ListedSuppression[]> {
  const conditions = [isSuppressed]
  const values: unknown[] = [limit + 1]
  if (cause) conditions.push(`cause = $${values.push(cause)}`)
  if (since) conditions.push(`since >= $${values.push(since)}::timestamptz`)
  if (after) {
    const position = [
      `$${values.push(after.since)}::timestamptz`,
      `$${values.push(after.addressHash)}`,
      `$${values.push(after.cause)}`,
    ]
    conditions.push(`(since, address_hash, cause) < (${position.join()})`)
  }
  const rows = await sql.query<Stored<ListedSuppression>>(
    `select address_hash as "addressHash", cause, reason, since, notification_id as "notificationId"
     from mail_suppressions
     where ${conditions.join(' and ')} order by since desc, address_hash desc, cause desc limit $1::int`,
    values,
  )
  return rows.map(shownOf)
}

type Stored<S extends Suppression> = Omit<S, 'notificationId'> & { notificationId: NotificationId | null }
const shownOf = <S extends Suppression>({ notificationId, ...row }: Stored<S>) => ({
  ...row,
  ...(notificationId && { notificationId }),
})

/** SQL: it has not been removed from the list since. */
export const isSuppressed = '(lifted_at is null or since > lifted_at)'

/**
 * Removes an address from the list, whatever was reported until now. Returns the number of causes removed.
 */
export async function liftSuppressions(db: Db, addressHash: string, now: Date): Promise<number> {
  return db.prisma.$executeRaw`
    update mail_suppressions set lifted_at = greatest(since, ${now})
    where address_hash = ${addressHash} and (lifted_at is null or since > lifted_at)`
}

/** Removes an address that was confirmed at `at`, for causes reported before that, except opt-outs. */
export async function liftConfirmed(tx: Tx, addressHash: string, at: Date): Promise<void> {
  await tx.query(
    `update mail_suppressions set lifted_at = greatest(lifted_at, $2)
     where address_hash = $1 and since <= $2::timestamptz and cause <> 'OPT_OUT'`,
    [addressHash, at],
  )
}

/** Counts suppressed addresses by cause. */
export const countSuppressions = (sql: Sql): Promise<{ cause: string; value: number }[]> =>
  sql.query<{ cause: string; value: number }>(
    `select cause, count(*)::int as value from mail_suppressions where ${isSuppressed} group by cause`,
  )
