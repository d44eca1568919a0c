import { authUsersRoutes, type Role } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { ageOf, type Column, renderTable } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100

interface ListedUser {
  email: string
  firstName: string
  lastName: string
  roles: readonly Role[]
  emailVerified: boolean
  createdAt: Date
}

/** Lists users, newest first. */
export const listUsers = (
  config: Config,
  { email, role, limit }: { email?: string | undefined; role?: Role | undefined; limit: number },
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> =>
  withService(config, 'auth', authUsersRoutes, async (auth) => {
    const users = await collectPages(limit, async (cursor) => {
      const { body } = await auth.findUsers({
        body: { email, role, limit: Math.min(limit, PAGE_MAX), cursor },
      })
      return { items: body.users, nextCursor: body.nextCursor }
    })
    if (email && users.length === 0)
      throw new Failure(
        'USER_NOT_FOUND',
        `there is no account with the address ${email}${role ? ` and the role ${role}` : ''}`,
      )
    const table = users.length > 0 ? `${renderTable(columns(now()), users, colours)}\n` : ''
    return { document: { users }, text: `${table}${counted(users.length, 'user')}\n` }
  })

const columns = (now: Date): readonly Column<ListedUser>[] => [
  { title: 'ADDRESS', text: ({ email }) => email },
  { title: 'NAME', text: ({ firstName, lastName }) => `${firstName} ${lastName}`.trim() },
  {
    title: 'ROLES',
    text: ({ roles }) => roles.join(', '),
    paint: ({ roles }) => (roles.includes('ADMIN') ? 'yellow' : undefined),
  },
  { title: 'CONFIRMED', text: ({ emailVerified }) => (emailVerified ? 'yes' : 'no') },
  { title: 'AGE', right: true, text: ({ createdAt }) => ageOf(createdAt, now) },
]
