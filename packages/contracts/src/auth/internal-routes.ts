import * as z from 'zod'
import { saying } from '../http/define-refusal.ts'
import { defineRoute } from '../http/define-route.ts'
import { Email, KeptEmail } from '../values/email.ts'
import { UserId } from '../values/ids.ts'
import { Instant } from '../values/text.ts'
import { ADDRESS_NOT_CONFIRMED, USER_NOT_FOUND, validationRefusals } from './refusals.ts'
import { Role, User } from './routes.ts'

/** A user as other services see one. */
export const UserInfo = User.pick({
  userId: true,
  email: true,
  firstName: true,
  lastName: true,
  phone: true,
  locale: true,
  emailVerified: true,
  createdAt: true,
})
export type UserInfo = z.output<typeof UserInfo>

const readers = { services: ['ticket-service', 'payment-service', 'notification-service'] } as const

export const authInternalRoutes = {
  validateToken: defineRoute({
    method: 'POST',
    path: '/api/auth/internal/validate-token',
    summary: 'Get the user of an access token',
    access: { services: ['event-service', 'ticket-service', 'payment-service', 'notification-service'] },
    body: z.strictObject({ token: z.string().max(4096) }),
    responses: {
      200: z.object({
        valid: z.literal(true),
        userId: UserId,
        email: KeptEmail,
        roles: z.array(Role),
        expiresAt: Instant,
      }),
    },
    refusals: [...Object.values(validationRefusals)],
  }),
  getUser: defineRoute({
    method: 'GET',
    path: '/api/auth/internal/users/:userId',
    summary: 'One user',
    access: readers,
    params: z.object({ userId: UserId }),
    responses: { 200: UserInfo },
    refusals: [USER_NOT_FOUND],
  }),
  getUsers: defineRoute({
    method: 'POST',
    path: '/api/auth/internal/users/batch',
    summary: 'Get several users; unknown ones are left out',
    access: readers,
    body: z.strictObject({ userIds: z.array(UserId).min(1).max(100) }),
    responses: { 200: z.object({ users: z.array(UserInfo) }) },
  }),
  getUserByEmail: defineRoute({
    method: 'POST',
    path: '/api/auth/internal/users/by-email',
    summary: 'Get the user of an address',
    access: readers,
    body: z.strictObject({ email: Email }),
    responses: { 200: UserInfo },
    refusals: [USER_NOT_FOUND],
  }),
  grantRole: defineRoute({
    method: 'POST',
    path: '/api/auth/internal/users/grant',
    summary: 'Grant a role to a user; safe to repeat',
    access: { services: ['boxoffice-cli'] },
    body: z.strictObject({ email: Email, role: Role }),
    responses: {
      200: User,
    },
    refusals: [
      USER_NOT_FOUND,
      saying(ADDRESS_NOT_CONFIRMED, 'the account may not belong to the reader of the address’s mail'),
    ],
  }),
} as const
