import type { ContactChangeId, OrderId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

/** A requested change of an order's address, and its status. */
export interface ContactChange {
  changeId: ContactChangeId
  orderId: OrderId
  userId: UserId
  email: string
  createdAt: Date
  expiresAt: Date
  confirmedAt: Date | null
  cancelledAt: Date | null
  /** For a confirmed change: the previous address; null: the account. */
  oldEmail: string | null
  undoExpiresAt: Date | null
  undoneAt: Date | null
}

const select = `select change_id as "changeId", order_id as "orderId", user_id as "userId", email,
  created_at as "createdAt", expires_at as "expiresAt", confirmed_at as "confirmedAt",
  cancelled_at as "cancelledAt", old_email as "oldEmail", undo_expires_at as "undoExpiresAt",
  undone_at as "undoneAt" from order_contact_changes`

/**
 * Returns the contact address of an order, locked until the transaction ends; null: the account, or no such
 * order.
 */
export async function lockContact(tx: Tx, orderId: OrderId): Promise<string | null> {
  const sql = 'select contact_email as email from orders where order_id = $1 for no key update'
  const [row] = await tx.query<{ email: string | null }>(sql, [orderId])
  return row?.email ?? null
}

/** Locks the counts of a user's requests and of the mails to an address until the transaction ends. */
export async function lockRequestCounts(
  tx: Tx,
  { userId, email }: Pick<ContactChange, 'userId' | 'email'>,
): Promise<void> {
  // Always in this order, to avoid deadlocks.
  for (const key of [`contact user ${userId}`, `contact address ${email}`]) {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 2))', [key])
  }
}

/** Returns when the n-th latest change within a period was requested; null if there were fewer. */
export async function findNthLatest(
  tx: Tx,
  of: { orderId: OrderId } | { userId: UserId } | { email: string },
  nth: number,
  since: Date,
): Promise<Date | null> {
  const [column, value] =
    'orderId' in of ? ['order_id', of.orderId] : 'userId' in of ? ['user_id', of.userId] : ['email', of.email]
  const [row] = await tx.query<{ createdAt: Date }>(
    `select created_at as "createdAt" from order_contact_changes where ${column} = $1 and created_at > $2
     order by created_at desc offset $3::integer limit 1`,
    [value, since, nth - 1],
  )
  return row?.createdAt ?? null
}

export type NewContactChange = Pick<
  ContactChange,
  'changeId' | 'orderId' | 'userId' | 'email' | 'createdAt' | 'expiresAt'
>
export async function insertContactChange(tx: Tx, change: NewContactChange): Promise<void> {
  const { changeId, orderId, userId, email, createdAt, expiresAt } = change
  await tx.query(
    `insert into order_contact_changes (change_id, order_id, user_id, email, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [changeId, orderId, userId, email, createdAt, expiresAt],
  )
}

export async function findContactChange(sql: Sql, changeId: ContactChangeId): Promise<ContactChange | null> {
  const [change] = await sql.query<ContactChange>(`${select} where change_id = $1`, [changeId])
  return change ?? null
}

/** Returns whether another address was ever requested, as far as stored. */
export const hasContactChange = async (sql: Sql, orderId: OrderId): Promise<boolean> =>
  (await sql.query('select from order_contact_changes where order_id = $1 limit 1', [orderId])).length > 0

/** Cancels the pending changes of an order. Lock its contact first. */
export async function cancelWaiting(tx: Tx, orderId: OrderId, now: Date): Promise<void> {
  await tx.query(
    `update order_contact_changes set cancelled_at = $2
     where order_id = $1 and confirmed_at is null and cancelled_at is null`,
    [orderId, now],
  )
}

export async function markConfirmed(
  tx: Tx,
  {
    changeId,
    oldEmail,
    confirmedAt,
    undoExpiresAt,
  }: Pick<ContactChange, 'changeId' | 'oldEmail' | 'confirmedAt' | 'undoExpiresAt'>,
): Promise<void> {
  await tx.query(
    `update order_contact_changes set confirmed_at = $2, old_email = $3, undo_expires_at = $4
     where change_id = $1`,
    [changeId, confirmedAt, oldEmail, undoExpiresAt],
  )
}

/** Marks changes of an order since a time, or all, as no longer undoable. Lock its contact first. */
export async function markUndone(tx: Tx, orderId: OrderId, now: Date, since: Date | null): Promise<void> {
  await tx.query(
    `update order_contact_changes set undone_at = $2
     where order_id = $1 and confirmed_at >= coalesce($3::timestamptz, '-infinity') and undone_at is null`,
    [orderId, now, since],
  )
}

export async function setContact(tx: Tx, orderId: OrderId, email: string | null): Promise<void> {
  await tx.query('update orders set contact_email = $2 where order_id = $1', [orderId, email])
}

/** Deletes up to `limit` old changes that were never confirmed, or were undone. */
export async function deleteOldChanges(tx: Tx, before: Date, limit: number): Promise<void> {
  await tx.query(
    `delete from order_contact_changes where change_id in (
       select change_id from order_contact_changes
       where created_at < $1 and (confirmed_at is null or undone_at is not null) order by created_at
         limit $2::integer
       for update skip locked)`,
    [before, limit],
  )
}
