import { type authRoutes, LINK_EXPIRED, LINK_INVALID, VALIDATION_FAILED } from '@boxoffice/contracts'
import { type Handlers, networkOf, refuse } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { countAttempt } from '../limits/attempt-repository.ts'
import { tooManyAttempts } from '../limits/limits.ts'
import { findUser } from '../users/user-repository.ts'
import type { MailRequests } from './mail-requests.ts'
import type { MailRequest } from './request-repository.ts'
import type { ResetPasswordDeps } from './reset-password.ts'
import { resetPassword } from './reset-password.ts'

type Deps = ResetPasswordDeps & {
  config: Pick<Config, 'limits'>
  mailRequests: MailRequests
}

type RecoveryRoutes = Pick<typeof authRoutes, 'resendVerification' | 'forgotPassword' | 'resetPassword'>

export function recoveryHandlers(deps: Deps): Handlers<RecoveryRoutes> {
  /** Answers every request for a mail alike, so that no one learns whether an account exists. */
  async function ask(kind: MailRequest['kind'], email: string, ip: string) {
    const now = deps.now()
    const counted = { kind: 'MAIL_FROM_NETWORK', subject: networkOf(ip) } as const
    const blocked = await countAttempt(deps.db, deps.config.limits, counted, now)
    if (blocked) return tooManyAttempts(blocked, now)
    await deps.mailRequests.ask({ kind, email })
    return { status: 202 as const, body: undefined }
  }

  return {
    async resendVerification({ body, principal, ip }) {
      const email = body?.email ?? (principal && (await findUser(deps.db, principal.userId))?.email)
      if (email) return ask('VERIFICATION', email, ip)
      const details = [{ path: 'body.email', message: 'is needed by who is not signed in' }]
      return refuse(VALIDATION_FAILED, { details })
    },
    forgotPassword: ({ body, ip }) => ask('PASSWORD_RESET', body.email, ip),
    async resetPassword({ body }) {
      switch (await resetPassword(deps, body.token, body.password)) {
        case 'DONE':
          return { status: 204, body: undefined }
        case 'TOKEN_EXPIRED':
          return refuse(LINK_EXPIRED)
        case 'TOKEN_INVALID':
          return refuse(LINK_INVALID)
      }
    },
  }
}
