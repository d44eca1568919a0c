import type { NotificationId, Suppression, SuppressionCause } from '@boxoffice/contracts'
import type { Db } from '../notifications/notification-repository.ts'

/** Put an address on the list, or bring what stands there up to date: the latest that was told. */
export async function suppress(
  db: Db,
  addressHash: string,
  { cause, reason, since, notificationId }: Suppression,
): Promise<void> {
  await db.$executeRaw`
    insert into mail_suppressions as known (address_hash, cause, reason, since, notification_id)
    values (${addressHash}, ${cause}, ${reason}, ${since}, ${notificationId ?? null}::uuid)
    on conflict on constraint mail_suppressions_pkey do update
      set reason = excluded.reason, since = excluded.since, notification_id = excluded.notification_id
      where excluded.since > known.since`
}

/** Why an address gets no mails; empty where it does. */
export async function listSuppressions(db: Db, addressHash: string): Promise<Suppression[]> {
  const rows = await db.mailSuppression.findMany({ where: { addressHash }, orderBy: { cause: 'asc' } })
  return rows.map(({ cause, reason, since, notificationId }) => ({
    cause: cause as SuppressionCause,
    reason,
    since,
    ...(notificationId && { notificationId: notificationId as NotificationId }),
  }))
}

/** Take an address off the list; only what was told before `toldBefore`, where that is given. How many causes went. */
export async function liftSuppressions(db: Db, addressHash: string, toldBefore?: Date): Promise<number> {
  const { count } = await db.mailSuppression.deleteMany({
    where: { addressHash, ...(toldBefore && { since: { lte: toldBefore } }) },
  })
  return count
}
