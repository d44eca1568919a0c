import {
  ADDRESS_NOT_CONFIRMED,
  type authInternalRoutes,
  type authRoutes,
  type Confirmation,
  EMAIL_TAKEN,
  LINK_EXPIRED,
  LINK_INVALID,
  UNAUTHENTICATED,
  USER_NOT_FOUND,
  type UserId,
  WRONG_PASSWORD,
} from '@boxoffice/contracts'
import { type Handlers, networkOf, RefusedError, refuse, refuseUnknown } from '@boxoffice/service-kit'
import { countAttempt } from '../limits/attempt-repository.ts'
import { tooManyAttempts } from '../limits/limits.ts'
import type { AnswerDeps } from '../sessions/answer.ts'
import { answerSession } from '../sessions/answer.ts'
import { type StoredUser, toUser, toUserInfo } from '../users/user.ts'
import { addRole, findUser, findUserByEmail, findUsers, updateProfile } from '../users/user-repository.ts'
import type { ConfirmAddressDeps } from './confirm-address.ts'
import { type Confirmed, confirmAddress, disownAccount } from './confirm-address.ts'
import { localeOf } from './locale.ts'
import { profilePhone } from './phone.ts'
import type { RegisterDeps } from './register.ts'
import { register } from './register.ts'

export type RoutesDeps = RegisterDeps & AnswerDeps & ConfirmAddressDeps

type AccountRoutes = Pick<
  typeof authRoutes,
  'register' | 'getMe' | 'updateMe' | 'becomeOrganizer' | 'verifyEmail'
>
type AccountInternalRoutes = Pick<
  typeof authInternalRoutes,
  'getUser' | 'getUsers' | 'getUserByEmail' | 'grantRole'
>

export function accountHandlers(deps: RoutesDeps): Handlers<AccountRoutes> {
  const { db } = deps
  return {
    async register({ body, headers, ip, resourceId }) {
      const { phone, phoneCountry, lastName = '', ...registration } = body
      const locale = body.locale ?? localeOf(headers['accept-language'])
      const profile = { lastName, phone: profilePhone(phone, phoneCountry), locale }
      const now = deps.now()
      const network = networkOf(ip)
      const counted = { kind: 'REGISTRATION_FROM_NETWORK', subject: network } as const
      const blocked = await countAttempt(db, deps.config.limits, counted, now)
      if (blocked) return tooManyAttempts(blocked, now)
      const registered = await register(deps, {
        ...registration,
        ...profile,
        network,
        userId: resourceId as UserId,
      })
      if (!registered) return refuse(EMAIL_TAKEN)
      return answerSession(deps, 201, registered)
    },
    getMe: async ({ principal }) => answerMe(await findUser(db, principal.userId)),
    updateMe: async ({ principal, body: { phone, phoneCountry, lastName, ...change } }) => {
      const names = lastName === undefined ? change : { ...change, lastName: lastName ?? '' }
      const profile = { ...names, phone: phone === null ? null : profilePhone(phone, phoneCountry) }
      return answerMe(await updateProfile(db, principal.userId, profile))
    },
    becomeOrganizer: async ({ principal }) => answerMe(await addRole(db, principal.userId, 'ORGANIZER')),
    async verifyEmail({ body, ip }) {
      const confirmed = await confirm(deps, body, ip)
      if (typeof confirmed === 'object') return tooManyAttempts(confirmed.blockedUntil, deps.now())
      switch (confirmed) {
        case 'DONE':
          return { status: 204, body: undefined }
        case 'TOKEN_EXPIRED':
          return refuse(LINK_EXPIRED)
        case 'TOKEN_INVALID':
          return refuse(LINK_INVALID)
        case 'WRONG_PASSWORD':
          return refuse(WRONG_PASSWORD, {
            message: 'that is not the password of this account: set a new one if you do not know it',
          })
      }
    },
  }
}

/** Confirms or disowns an account for the reader of its mail. */
export function confirm(
  deps: RoutesDeps,
  { token, mine, password, newPassword }: Confirmation,
  ip: string,
): Promise<Confirmed> {
  if (mine === false) return disownAccount(deps, token)
  if (newPassword !== undefined) return confirmAddress(deps, token, { newPassword }, ip)
  return confirmAddress(deps, token, { password: password ?? '' }, ip)
}

const unknownAddress = () => refuse(USER_NOT_FOUND, { message: 'there is no user with this address' })

export function accountInternalHandlers(deps: RoutesDeps): Handlers<AccountInternalRoutes> {
  const { db } = deps
  return {
    async getUser({ params }) {
      const user = await findUser(db, params.userId)
      return user ? { status: 200, body: toUserInfo(user) } : refuseUnknown(USER_NOT_FOUND, params.userId)
    },
    async getUsers({ body }) {
      const users = await findUsers(db, body.userIds)
      return { status: 200, body: { users: users.map(toUserInfo) } }
    },
    async getUserByEmail({ body }) {
      const user = await findUserByEmail(db, body.email)
      return user ? { status: 200, body: toUserInfo(user) } : unknownAddress()
    },
    async grantRole({ body, principal, log }) {
      const found = await findUserByEmail(db, body.email)
      // A stranger may have registered an operator's address and would get the role.
      if (found && !found.emailVerified) return refuse(ADDRESS_NOT_CONFIRMED)
      const user = found && (await addRole(db, found.userId, body.role))
      if (!user) return unknownAddress()
      log.info({ userId: user.userId, role: body.role, by: principal.service }, 'role granted')
      return { status: 200, body: toUser(user) }
    },
  }
}

/** Returns the signed-in user. A valid token whose account does not exist (another database) is refused. */
function answerMe(user: StoredUser | null) {
  if (!user)
    throw new RefusedError(
      refuse(UNAUTHENTICATED, { message: 'the account of this access token does not exist' }),
    )
  return { status: 200 as const, body: toUser(user) }
}
