import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { Email } from '../values/email.ts'
import { LAST_ADMIN, USER_NOT_FOUND } from './refusals.ts'
import { Role, User } from './routes.ts'

/** A user in the operators' list: no telephone number. */
export const FoundUser = User.pick({
  userId: true,
  email: true,
  firstName: true,
  lastName: true,
  roles: true,
  emailVerified: true,
  createdAt: true,
})
export type FoundUser = z.output<typeof FoundUser>

/** A role that can be revoked; every user is a USER. */
export const RevocableRole = Role.exclude(['USER'])
export type RevocableRole = z.output<typeof RevocableRole>

export const authUsersRoutes = {
  findUsers: defineRoute({
    method: 'POST',
    path: '/api/auth/ops/users/find',
    summary: 'Find users by address and role, newest first; a POST, so that no request log shows an address',
    access: 'operator',
    idempotency: 'none',
    body: z.strictObject({
      email: Email.optional(),
      role: Role.optional(),
      limit: z.int().min(1).max(100).optional().meta({ description: '20 by default' }),
      cursor: Page.shape.cursor,
    }),
    responses: { 200: z.object({ users: z.array(FoundUser), nextCursor: NextCursor }) },
  }),
  revokeRole: defineRoute({
    method: 'POST',
    path: '/api/auth/ops/users/revoke',
    summary: 'Revoke a role of a user, whose sessions all end; safe to repeat',
    access: 'operator',
    body: z.strictObject({ email: Email, role: RevocableRole }),
    responses: { 200: User },
    refusals: [USER_NOT_FOUND, LAST_ADMIN],
  }),
} as const
