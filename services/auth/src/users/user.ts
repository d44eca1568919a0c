import { Role, type User, type UserId, type UserInfo } from '@boxoffice/contracts'
import type { User as Row } from '../generated/prisma/client.ts'

/** A stored user, with the version that orders its messages. */
export interface StoredUser extends User {
  version: number
}

export const toStoredUser = (row: Row): StoredUser => ({
  userId: row.userId as UserId,
  email: row.email,
  firstName: row.firstName,
  lastName: row.lastName,
  ...(row.phone !== null && { phone: row.phone }),
  locale: row.locale,
  emailVerified: row.emailVerifiedAt !== null,
  roles: Role.options.filter((role) => row.roles.includes(role)),
  createdAt: row.createdAt,
  version: row.version,
})

/** Removes what only this service sees of a user. */
export const toUser = ({ version: _, ...user }: StoredUser): User => user

export const toUserInfo = ({ roles: _, ...user }: User): UserInfo => user
