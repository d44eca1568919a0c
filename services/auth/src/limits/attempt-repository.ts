import { createHash } from 'node:crypto'
import type { Db, Tx } from '../database.ts'
import type { Counted, Limits } from './limits.ts'

export const hashOf = (subject: string) => new Uint8Array(createHash('sha256').update(subject).digest())

/** Returns when the last exhausted window of `counted` ends; null if another attempt is allowed. */
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

/** Counts an attempt. Returns when the window ends if it exceeds the limit, else null. */
export async function countAttempt(
  db: Db,
  limits: Limits,
  { kind, subject, account }: Counted,
  now: Date,
): Promise<Date | null> {
  const endsAt = new Date(now.getTime() + limits[kind].windowMs)
  // One statement, so that concurrent attempts are all counted.
  const [row] = await db.prisma.$queryRaw<{ count: number; ends_at: Date }[]>`
    insert into attempts as a (kind, subject_hash, account_hash, count, ends_at)
    values (${kind}, ${hashOf(subject)}, ${account === undefined ? null : hashOf(account)}, 1, ${endsAt})
    on conflict (kind, subject_hash) do update set
      count = case when a.ends_at <= ${now} then 1 else a.count + 1 end,
      ends_at = case when a.ends_at <= ${now} then excluded.ends_at else a.ends_at end
    returning count, ends_at`
  return row && row.count > limits[kind].max ? row.ends_at : null
}

/** Resets the count of one subject. */
export async function resetAttempts(db: Db, { kind, subject }: Counted): Promise<void> {
  await db.prisma.attempts.deleteMany({ where: { kind, subjectHash: hashOf(subject) } })
}

/** Resets all counts of an account. */
export async function resetAttemptsOf(tx: Tx, account: string): Promise<void> {
  await tx.prisma.attempts.deleteMany({ where: { accountHash: hashOf(account) } })
}

/** Deletes up to `limit` counts of expired windows and returns their number. */
export async function deleteEndedAttempts(db: Db, now: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.attempts.deleteMany({ where: { endsAt: { lt: now } }, limit })
  return count
}
