import type { NotificationId, Suppression } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'

// A row stays when its address is taken off the list: what was told before that, and is heard of later, must
// not put it back.

/**
 * Put an address on the list, or bring what stands there up to date: the latest that was told, if that was
 * after it was taken off.
 */
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

/** Why an address gets no mails; empty where it does. */
export async function listSuppressions(sql: Sql, addressHash: string): Promise<Suppression[]> {
  const rows = await sql.query<
    Omit<Suppression, 'notificationId'> & { notificationId: NotificationId | null }
  >(
    `select cause, reason, since, notification_id as "notificationId" from mail_suppressions
     where address_hash = $1 and ${isSuppressed} order by cause`,
    [addressHash],
  )
  return rows.map(({ notificationId, ...row }) => ({ ...row, ...(notificationId && { notificationId }) }))
}

/** SQL: it was not taken off the list since. */
export const isSuppressed = '(lifted_at is null or since > lifted_at)'

/** Take an address off the list, whatever was told of it until now. How many causes went. */
export async function liftSuppressions(db: Db, addressHash: string, now: Date): Promise<number> {
  return db.prisma.$executeRaw`
    update mail_suppressions set lifted_at = greatest(since, ${now})
    where address_hash = ${addressHash} and (lifted_at is null or since > lifted_at)`
}

/**
 * Take an address off the list that was confirmed at `at`, as far as that was after what was told of it, and
 * not asked for.
 */
export async function liftConfirmed(tx: Tx, addressHash: string, at: Date): Promise<void> {
  await tx.query(
    `update mail_suppressions set lifted_at = greatest(lifted_at, $2)
     where address_hash = $1 and since <= $2::timestamptz and cause <> 'OPT_OUT'`,
    [addressHash, at],
  )
}

/** How many addresses get no mails, by cause. */
export const countSuppressions = (sql: Sql): Promise<{ cause: string; value: number }[]> =>
  sql.query<{ cause: string; value: number }>(
    `select cause, count(*)::int as value from mail_suppressions where ${isSuppressed} group by cause`,
  )
