import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import type { EmailChange as Row } from '../generated/prisma/client.ts'
import { hashToken } from './mailed-token.ts'

/** A pending or completed change of address. */
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

/** Finds the change of a mailed token; null if the token is unknown. */
export const findChange = async (db: Db, token: string): Promise<EmailChange | null> =>
  changeOf(await db.prisma.emailChange.findUnique({ where: { tokenHash: hashToken(token) } }))

/** Finds the change that a token undoes; null if the token is unknown or the change was undone. */
export const findUndoable = async (db: Db, token: string): Promise<EmailChange | null> =>
  changeOf(
    await db.prisma.emailChange.findUnique({ where: { undoTokenHash: hashToken(token), undoneAt: null } }),
  )

/** Lists when changes of an account, or to an address, were requested since then, the latest first. */
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

/** Whether an address recently belonged to an account, so that its reader can still reclaim it. */
export async function isKept(db: Db, email: string, now: Date): Promise<boolean> {
  const where = { oldEmail: email, undoneAt: null, undoExpiresAt: { gt: now } }
  return (await db.prisma.emailChange.findFirst({ where, select: { userId: true } })) !== null
}

/** Cancels the pending changes of a locked user. */
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

/** Marks `change` and later changes of a locked user as undone. */
export async function markUndone(tx: Tx, { userId, createdAt }: EmailChange, undoneAt: Date): Promise<void> {
  const where = { userId, createdAt: { gte: createdAt }, undoneAt: null, undoTokenHash: { not: null } }
  await tx.prisma.emailChange.updateMany({ where, data: { undoneAt } })
}

/** Deletes up to `limit` changes that expired before and can no longer be undone. Returns their number. */
export async function deleteOldChanges(db: Db, before: Date, limit: number): Promise<number> {
  const where = {
    expiresAt: { lt: before },
    OR: [{ undoExpiresAt: null }, { undoExpiresAt: { lt: before } }],
  }
  const { count } = await db.prisma.emailChange.deleteMany({ where, limit })
  return count
}

/** Whether a token mailed to a new address still works. */
export async function changeWaits(db: Db, token: string, now: Date): Promise<boolean> {
  const change = await findChange(db, token)
  return change !== null && !change.confirmedAt && !change.cancelledAt && change.expiresAt > now
}

/** Whether a token mailed to an old address still works. */
export async function changeIsUndoable(db: Db, token: string, now: Date): Promise<boolean> {
  const change = await findUndoable(db, token)
  return change?.undoExpiresAt != null && change.undoExpiresAt > now
}
