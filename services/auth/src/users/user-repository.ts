import type { Role, UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { type StoredUser, toStoredUser } from './user.ts'

export interface NewUser {
  userId: UserId
  email: string
  passwordHash: string
  firstName: string
  /** Empty where somebody has one name. */
  lastName: string
  phone?: string | undefined
  locale: string
  createdAt: Date
}

/**
 * A new user with the role USER. Rejects with a unique violation of `users_email_key` when the address is
 * taken.
 */
export const insertUser = async (tx: Tx, user: NewUser): Promise<StoredUser> =>
  toStoredUser(await tx.prisma.user.create({ data: { ...user, roles: ['USER'] } }))

export async function findUser(db: Db, userId: UserId): Promise<StoredUser | null> {
  const row = await db.prisma.user.findUnique({ where: { userId } })
  return row && toStoredUser(row)
}

export async function getUser(tx: Tx, userId: UserId): Promise<StoredUser> {
  const user = await findUser(tx, userId)
  if (!user) throw new Error(`there is no user ${userId}`)
  return user
}

/** `email` in its one spelling, as the contract decodes it. */
export async function findUserByEmail(db: Db, email: string): Promise<StoredUser | null> {
  const row = await db.prisma.user.findUnique({ where: { email } })
  return row && toStoredUser(row)
}

/** The user of an address and the hash of the password, for signing in. */
export async function findCredentials(
  db: Db,
  email: string,
): Promise<{ user: StoredUser; passwordHash: string } | null> {
  const row = await db.prisma.user.findUnique({ where: { email } })
  return row && { user: toStoredUser(row), passwordHash: row.passwordHash }
}

/** A user and the hash of the password. Rejects when there is no such user. */
export async function findCredentialsOf(
  db: Db,
  userId: UserId,
): Promise<{ user: StoredUser; passwordHash: string }> {
  const row = await db.prisma.user.findUniqueOrThrow({ where: { userId } })
  return { user: toStoredUser(row), passwordHash: row.passwordHash }
}

/** Those of `userIds` that there are, in the order in which they were asked for, each once. */
export async function findUsers(db: Db, userIds: readonly UserId[]): Promise<StoredUser[]> {
  const rows = await db.prisma.user.findMany({ where: { userId: { in: [...userIds] } } })
  const users = new Map(rows.map((row) => [row.userId, toStoredUser(row)]))
  return [...new Set(userIds)].flatMap((userId) => users.get(userId) ?? [])
}

export interface ProfileChange {
  firstName?: string | undefined
  lastName?: string | undefined
  /** null removes it. */
  phone?: string | null | undefined
  locale?: string
}

/** The changed user; null where there is none. */
export async function updateProfile(
  db: Db,
  userId: UserId,
  change: ProfileChange,
): Promise<StoredUser | null> {
  if (Object.values(change).some((value) => value !== undefined)) {
    await db.prisma.user.updateMany({ where: { userId }, data: { ...change, version: { increment: 1 } } })
  }
  return findUser(db, userId)
}

/** The user with that role; nothing changes where it is there already. null where there is no such user. */
export async function addRole(db: Db, userId: UserId, role: Role): Promise<StoredUser | null> {
  await db.prisma.user.updateMany({
    where: { userId, NOT: { roles: { has: role } } },
    data: { roles: { push: role }, version: { increment: 1 } },
  })
  return findUser(db, userId)
}

/** Nobody else changes the user until the transaction ends; what refers to the user may still be written. */
export async function lockUser(tx: Tx, userId: UserId): Promise<void> {
  await tx.prisma.$queryRaw`select user_id from users where user_id = ${userId}::uuid for no key update`
}

/** Whether this is still the hash of the user's password, which then stays so until the transaction ends. */
export async function holdPassword(tx: Tx, userId: UserId, passwordHash: string): Promise<boolean> {
  const rows = await tx.prisma.$queryRaw<unknown[]>`
    select 1 as held from users where user_id = ${userId}::uuid and password_hash = ${passwordHash} for share`
  return rows.length === 1
}

export const setPassword = async (tx: Tx, userId: UserId, passwordHash: string): Promise<StoredUser> =>
  toStoredUser(
    await tx.prisma.user.update({ where: { userId }, data: { passwordHash, version: { increment: 1 } } }),
  )

/**
 * The user whose address is another from now on, and proven. Rejects with a unique violation of
 * `users_email_key` when it is taken.
 */
export const changeEmail = async (
  tx: Tx,
  userId: UserId,
  email: string,
  verifiedAt: Date,
): Promise<StoredUser> =>
  toStoredUser(
    await tx.prisma.user.update({
      where: { userId },
      data: { email, emailVerifiedAt: verifiedAt, version: { increment: 1 } },
    }),
  )

/**
 * Of an account whose address is not proven: whoever gave the number may not be who has the account from now
 * on.
 */
export async function takePhoneAway(tx: Tx, userId: UserId): Promise<void> {
  const where = { userId, emailVerifiedAt: null, phone: { not: null } }
  await tx.prisma.user.updateMany({ where, data: { phone: null, version: { increment: 1 } } })
}

/** The user whose address is proven from now on; null where it was before. */
export async function markEmailVerified(
  tx: Tx,
  userId: UserId,
  verifiedAt: Date,
): Promise<StoredUser | null> {
  const { count } = await tx.prisma.user.updateMany({
    where: { userId, emailVerifiedAt: null },
    data: { emailVerifiedAt: verifiedAt, version: { increment: 1 } },
  })
  return count === 0 ? null : findUser(tx, userId)
}
