import { authInternalRoutes, authUsersRoutes, type Role } from '@boxoffice/contracts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { withService } from '../services.ts'

/** Grants a role to the user of an address. Safe to repeat. */
export const grantRole = (
  { config, dryRun, confirm }: Pick<Call, 'config' | 'dryRun' | 'confirm'>,
  { email, role }: { email: string; role: Role },
): Promise<Result> =>
  withService(config, 'auth', { ...authInternalRoutes, ...authUsersRoutes }, async (auth) => {
    if (dryRun) {
      const [user] = (await auth.findUsers({ body: { email, limit: 1 } })).body.users
      if (!user) throw noAccount(email)
      if (!user.emailVerified) throw notConfirmed(email)
      const { userId, roles } = user
      const granted = `${role} would be granted. Nothing was changed.`
      const text = `${email} has the roles ${roles.join(', ')}; ${granted}\n`
      return { document: { userId, email, roles, dryRun }, text }
    }
    await confirm(`Grant ${role} to ${email}?`)
    const answer = await auth.grantRole({ body: { email, role } })
    if (answer.status === 404) throw noAccount(email)
    if (answer.status === 409) throw notConfirmed(email)
    const { userId, roles } = answer.body
    const text = `${email} has the roles ${roles.join(', ')}. The next access token includes them.\n`
    return { document: { userId, email, roles, dryRun }, text }
  })

export const noAccount = (email: string) =>
  new Failure('USER_NOT_FOUND', `there is no account with the address ${email}`)
const notConfirmed = (email: string) =>
  new Failure(
    'ADDRESS_NOT_CONFIRMED',
    `${email} is not confirmed: the account may be someone else's. ` +
      'Its owner has to follow the link in the mail first',
  )
