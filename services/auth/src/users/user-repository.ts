import type { Role, UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { type StoredUser, toStoredUser } from './user.ts'

export interface NewUser {
  userId: UserId
  email: string
  passwordHash: string
  firstName: string
  /** Empty for people with one name. */
  lastName: string
  phone?: string | undefined
  locale: string
  createdAt: Date
}

/**
 * Inserts a user with the role USER. Rejects with a unique violation of `users_email_key` if the address is
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

/** Finds a user by address, normalized as the contract decodes it. */
export async function findUserByEmail(db: Db, email: string): Promise<StoredUser | null> {
  const row = await db.prisma.user.findUnique({ where: { email } })
  return row && toStoredUser(row)
}

/** Finds a user and the password hash by address, for signing in. */
export async function findCredentials(
  db: Db,
  email: string,
): Promise<{ user: StoredUser; passwordHash: string } | null> {
  const row = await db.prisma.user.findUnique({ where: { email } })
  return row && { user: toStoredUser(row), passwordHash: row.passwordHash }
}

/** Returns a user and the password hash. Rejects if there is no such user. */
export async function findCredentialsOf(
  db: Db,
  userId: UserId,
): Promise<{ user: StoredUser; passwordHash: string }> {
  const row = await db.prisma.user.findUniqueOrThrow({ where: { userId } })
  return { user: toStoredUser(row), passwordHash: row.passwordHash }
}

/** Finds the existing users of `userIds`, in that order, without duplicates. */
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

/** Updates a profile and returns the user; null if there is none. */
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

/** Adds a role and returns the user; null if there is none. Idempotent. */
export async function addRole(db: Db, userId: UserId, role: Role): Promise<StoredUser | null> {
  await db.prisma.user.updateMany({
    where: { userId, NOT: { roles: { has: role } } },
    data: { roles: { push: role }, version: { increment: 1 } },
  })
  return findUser(db, userId)
}

/** Replaces the roles of a locked user. */
export const setRoles = async (tx: Tx, userId: UserId, roles: readonly Role[]): Promise<StoredUser> =>
  toStoredUser(
    await tx.prisma.user.update({
      where: { userId },
      data: { roles: [...roles], version: { increment: 1 } },
    }),
  )

/**
 * SQL: which users have a role. Written out as in the partial indexes, which a parameter would not match;
 * everyone is a USER.
 */
const hasRole: Readonly<Record<Role, string>> = {
  USER: 'true',
  ORGANIZER: `roles @> array['ORGANIZER']`,
  ADMIN: `roles @> array['ADMIN']`,
}

/**
 * Lists the users with this address or role, the newest first, starting after `after`; one more than the
 * limit.
 */
export async function listUsers(
  db: Db,
  { email, role = 'USER' }: { email?: string | undefined; role?: Role | undefined },
  { limit, after }: { limit: number; after: { createdAt: Date; userId: string } | null },
): Promise<StoredUser[]> {
  const conditions = [hasRole[role]]
  const values: unknown[] = [limit + 1]
  if (email !== undefined) conditions.push(`email = $${values.push(email)}`)
  if (after)
    conditions.push(
      `(created_at, user_id) < ($${values.push(after.createdAt)}::timestamptz, ` +
        `$${values.push(after.userId)}::uuid)`,
    )
  const page = await db.query<{ userId: UserId }>(
    `select user_id as "userId" from users where ${conditions.join(' and ')}
     order by created_at desc, user_id desc limit $1::int`,
    values,
  )
  return findUsers(
    db,
    page.map(({ userId }) => userId),
  )
}

/** Locks every ADMIN until the transaction ends, so that they are counted once; returns their ids. */
export async function lockAdmins(tx: Tx): Promise<UserId[]> {
  const rows = await tx.query<{ userId: UserId }>(
    `select user_id as "userId" from users where ${hasRole.ADMIN} order by user_id for no key update`,
  )
  return rows.map(({ userId }) => userId)
}

/** Locks a user until the transaction ends; rows that refer to the user can still be written. */
export async function lockUser(tx: Tx, userId: UserId): Promise<void> {
  await tx.prisma.$queryRaw`select user_id from users where user_id = ${userId}::uuid for no key update`
}

/** Whether this is still the user's password hash, and locks it until the transaction ends. */
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
 * Changes a user's address and marks it as verified. Rejects with a unique violation of `users_email_key` if
 * it is taken.
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
 * Removes the telephone number of an unverified account: it may belong to a stranger who made the account.
 */
export async function removePhone(tx: Tx, userId: UserId): Promise<void> {
  const where = { userId, emailVerifiedAt: null, phone: { not: null } }
  await tx.prisma.user.updateMany({ where, data: { phone: null, version: { increment: 1 } } })
}

/** Marks a user's address as verified; null if it was before. */
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
