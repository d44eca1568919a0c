import { authUsersRoutes, type Role } from '@boxoffice/contracts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { withService } from '../services.ts'
import { noAccount } from './grant.ts'

/** Takes a role from the user of an address. Safe to repeat. */
export const revokeRole = (
  { config, dryRun, confirm }: Pick<Call, 'config' | 'dryRun' | 'confirm'>,
  { email, role }: { email: string; role: Exclude<Role, 'USER'> },
): Promise<Result> =>
  withService(config, 'auth', authUsersRoutes, async (auth) => {
    const { users } = (await auth.findUsers({ body: { email, limit: 1 } })).body
    const [user] = users
    if (!user) throw noAccount(email)
    const document = { userId: user.userId, email, dryRun }
    if (dryRun) {
      const text =
        `${email} has the roles ${user.roles.join(', ')}; ` +
        `${role} would be revoked. Nothing was changed.\n`
      return { document: { ...document, roles: user.roles }, text }
    }
    await confirm(`Revoke ${role} from ${email}?`)
    const answer = await auth.revokeRole({ body: { email, role } })
    if (answer.status === 404) throw noAccount(email)
    if (answer.status === 409)
      throw new Failure('LAST_ADMIN', `${email} is the last ADMIN: grant the role to another first`)
    const { roles } = answer.body
    return { document: { ...document, roles }, text: `${email} has the roles ${roles.join(', ')}\n` }
  })
