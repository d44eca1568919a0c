import { type authUsersRoutes, type FoundUser, LAST_ADMIN, USER_NOT_FOUND } from '@boxoffice/contracts'
import { actorOf, cursorFields, defineCursor, type Handlers, refuse } from '@boxoffice/service-kit'
import type { SessionDeps } from '../sessions/session.ts'
import { type StoredUser, toUser } from '../users/user.ts'
import { listUsers } from '../users/user-repository.ts'
import { revokeRole } from './revoke-role.ts'

const LIMIT = 20
const cursor = defineCursor({ createdAt: cursorFields.instant, userId: cursorFields.id })

/** Lets operators find users and revoke their roles. */
export const userHandlers = (deps: SessionDeps): Handlers<typeof authUsersRoutes> => ({
  async findUsers({ body: { limit = LIMIT, cursor: from, ...filter } }) {
    const rows = await listUsers(deps.db, filter, { limit, after: cursor.decode(from, 'body') })
    const { page, nextCursor } = cursor.pageOf(rows, limit, (user) => user)
    return { status: 200, body: { users: page.map(toFoundUser), nextCursor } }
  },
  async revokeRole({ body, principal, log }) {
    const revoked = await revokeRole(deps, body)
    if (revoked === 'USER_NOT_FOUND')
      return refuse(USER_NOT_FOUND, { message: 'there is no user with this address' })
    if (revoked === 'LAST_ADMIN') return refuse(LAST_ADMIN)
    const { user, wasRevoked } = revoked
    if (wasRevoked)
      log.warn({ userId: user.userId, role: body.role, by: actorOf(principal) }, 'a role was revoked')
    return { status: 200, body: toUser(user) }
  },
})

const toFoundUser = ({ version: _, phone: __, locale: ___, ...user }: StoredUser): FoundUser => user
