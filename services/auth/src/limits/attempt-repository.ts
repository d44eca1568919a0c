import { createHash } from 'node:crypto'
import type { Db, Tx } from '../database.ts'
import type { Counted, Limits } from './limits.ts'

export const hashOf = (subject: string) => new Uint8Array(createHash('sha256').update(subject).digest())

/** When the last of the windows ends in which `counted` has had its attempts; null where all may go on. */
export async function blockedUntil(
  db: Db,
  limits: Limits,
  counted: readonly Counted[],
  now: Date,
): Promise<Date | null> {
  const OR = counted.map(({ kind, subject }) => ({
    kind,
    subjectHash: hashOf(subject),
    count: { gte: limits[kind].max },
  }))
  const full = await db.prisma.attempts.findFirst({
    where: { OR, endsAt: { gt: now } },
    orderBy: { endsAt: 'desc' },
  })
  return full?.endsAt ?? null
}

/** Count an attempt; when the window ends where that was one too many, null where it may be. */
export async function countAttempt(
  db: Db,
  limits: Limits,
  { kind, subject, account }: Counted,
  now: Date,
): Promise<Date | null> {
  const endsAt = new Date(now.getTime() + limits[kind].windowMs)
  // One statement, so that of many at once none is missed.
  const [row] = await db.prisma.$queryRaw<{ count: number; ends_at: Date }[]>`
    insert into attempts as a (kind, subject_hash, account_hash, count, ends_at)
    values (${kind}, ${hashOf(subject)}, ${account === undefined ? null : hashOf(account)}, 1, ${endsAt})
    on conflict (kind, subject_hash) do update set
      count = case when a.ends_at <= ${now} then 1 else a.count + 1 end,
      ends_at = case when a.ends_at <= ${now} then excluded.ends_at else a.ends_at end
    returning count, ends_at`
  return row && row.count > limits[kind].max ? row.ends_at : null
}

/** Nothing is counted against it any more. */
export async function forgetAttempts(db: Db, { kind, subject }: Counted): Promise<void> {
  await db.prisma.attempts.deleteMany({ where: { kind, subjectHash: hashOf(subject) } })
}

/** Nothing is counted against this account any more, wherever it was. */
export async function forgetAttemptsOf(tx: Tx, account: string): Promise<void> {
  await tx.prisma.attempts.deleteMany({ where: { accountHash: hashOf(account) } })
}

/** Delete up to `limit` counts whose window has ended; how many. */
export async function deleteEndedAttempts(db: Db, now: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.attempts.deleteMany({ where: { endsAt: { lt: now } }, limit })
  return count
}
