import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import type { EmailChange as Row } from '../generated/prisma/client.ts'
import { hashToken } from './mailed-token.ts'

/** An address that is to become another. */
export interface EmailChange extends Omit<Row, 'userId'> {
  readonly userId: UserId
}
const changeOf = (row: Row | null): EmailChange | null => row && { ...row, userId: row.userId as UserId }

export async function insertChange(
  tx: Tx,
  {
    token,
    ...change
  }: Pick<EmailChange, 'userId' | 'oldEmail' | 'newEmail' | 'createdAt' | 'expiresAt'> & { token: string },
): Promise<void> {
  await tx.prisma.emailChange.create({ data: { ...change, tokenHash: hashToken(token) } })
}

/** The change that a token was mailed for; null for one that is not ours. */
export const findChange = async (db: Db, token: string): Promise<EmailChange | null> =>
  changeOf(await db.prisma.emailChange.findUnique({ where: { tokenHash: hashToken(token) } }))

/** The change that a token undoes; null for one that is not ours, or where it was undone. */
export const findUndoable = async (db: Db, token: string): Promise<EmailChange | null> =>
  changeOf(
    await db.prisma.emailChange.findUnique({ where: { undoTokenHash: hashToken(token), undoneAt: null } }),
  )

/** When changes were asked for since then, of an account or to an address, the newest first. */
export async function listChangeTimes(
  tx: Tx,
  of: { userId: UserId } | { newEmail: string },
  since: Date,
): Promise<Date[]> {
  const where = { ...of, createdAt: { gt: since } }
  const rows = await tx.prisma.emailChange.findMany({
    where,
    select: { createdAt: true },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ createdAt }) => createdAt)
}

/** Whether an address was an account's until lately, so that its reader may still take it back. */
export async function isKept(db: Db, email: string, now: Date): Promise<boolean> {
  const where = { oldEmail: email, undoneAt: null, undoExpiresAt: { gt: now } }
  return (await db.prisma.emailChange.findFirst({ where, select: { userId: true } })) !== null
}

/** No change of a locked user waits any more. */
export async function cancelChangesOf(tx: Tx, userId: UserId, cancelledAt: Date): Promise<void> {
  await tx.prisma.emailChange.updateMany({
    where: { userId, confirmedAt: null, cancelledAt: null },
    data: { cancelledAt },
  })
}

export async function markConfirmed(
  tx: Tx,
  { tokenHash }: Pick<EmailChange, 'tokenHash'>,
  confirmed: { confirmedAt: Date; undo: { token: string; expiresAt: Date } | null },
): Promise<void> {
  const { confirmedAt, undo } = confirmed
  const undoing = undo && { undoTokenHash: hashToken(undo.token), undoExpiresAt: undo.expiresAt }
  await tx.prisma.emailChange.update({ where: { tokenHash }, data: { confirmedAt, ...undoing } })
}

/** Nothing undoes what a locked user changed since `change`, that itself included. */
export async function markUndone(tx: Tx, { userId, createdAt }: EmailChange, undoneAt: Date): Promise<void> {
  const where = { userId, createdAt: { gte: createdAt }, undoneAt: null, undoTokenHash: { not: null } }
  await tx.prisma.emailChange.updateMany({ where, data: { undoneAt } })
}

/** Delete up to `limit` changes that expired before and can be undone no more; how many. */
export async function deleteOldChanges(db: Db, before: Date, limit: number): Promise<number> {
  const where = {
    expiresAt: { lt: before },
    OR: [{ undoExpiresAt: null }, { undoExpiresAt: { lt: before } }],
  }
  const { count } = await db.prisma.emailChange.deleteMany({ where, limit })
  return count
}

/** Whether a token that was mailed to a new address still is of use. */
export async function changeWaits(db: Db, token: string, now: Date): Promise<boolean> {
  const change = await findChange(db, token)
  return change !== null && !change.confirmedAt && !change.cancelledAt && change.expiresAt > now
}

/** Whether one that was mailed to an address of before still is. */
export async function changeIsUndoable(db: Db, token: string, now: Date): Promise<boolean> {
  const change = await findUndoable(db, token)
  return change?.undoExpiresAt != null && change.undoExpiresAt > now
}
