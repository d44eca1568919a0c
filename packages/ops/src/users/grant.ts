import { authInternalRoutes, type Role } from '@boxoffice/contracts'
import { createClient, createServiceIdentity } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { reasonOf } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

const TIMEOUT_MS = 10_000

/**
 * Grants a role to the user of an address; returns the exit code: 0 if they have it, 1 otherwise. Safe to
 * repeat.
 */
export async function grantRole(
  { grant }: Pick<Config, 'grant'>,
  { email, role }: { email: string; role: Role },
  terminal: Terminal,
): Promise<0 | 1> {
  const { authUrl, privateKey } = grant()
  const identity = createServiceIdentity('boxoffice-cli', privateKey)
  const auth = createClient(authInternalRoutes, {
    baseUrl: authUrl,
    headers: () => identity.headersFor('auth-service'),
    send: (url, { operationId: _, ...init }) =>
      fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
  })
  try {
    const answer = await auth.grantRole({ body: { email, role } })
    if (answer.status === 404) {
      terminal.error(`there is no account with the address ${email}\n`)
      return 1
    }
    if (answer.status === 409) {
      terminal.error(
        `${email} is not confirmed: the account may be someone else's. Its owner has to follow the link in the mail first\n`,
      )
      return 1
    }
    terminal.out(
      `${answer.body.email} has the roles ${answer.body.roles.join(', ')}. The next access token includes them.\n`,
    )
    return 0
  } catch (error) {
    terminal.error(`the role was not granted: ${reasonOf(error, 'auth', authUrl)}\n`)
    return 1
  }
}
