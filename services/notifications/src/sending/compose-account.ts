import type { UserInfo } from '@boxoffice/contracts'
import { type AccountLink, emailVerificationMail, passwordResetMail } from '../mails/account-link.ts'
import type { Mail } from '../mails/mail.ts'
import { welcomeMail } from '../mails/welcome.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Composers, Content } from './content.ts'
import type { OpenToken } from './sealed-token.ts'

/** Mails with a link that only the owner of an address may have. */
export function createAccountComposers(deps: {
  openToken: OpenToken
  publicUrl: string
  now: () => Date
}): Composers<'USER_WELCOME' | 'EMAIL_VERIFICATION' | 'PASSWORD_RESET'> {
  async function linkTo(path: string, sealedToken: string): Promise<string> {
    const url = new URL(path, deps.publicUrl)
    url.searchParams.set('token', await deps.openToken(sealedToken))
    return url.href
  }

  const linkMail =
    (path: string, write: (link: AccountLink) => Mail) =>
    async ({ sealedToken, tokenExpiresAt }: PayloadOf<'EMAIL_VERIFICATION'>, reader: UserInfo): Promise<Content> => {
      // A link that does not work is worse than none.
      if (tokenExpiresAt <= deps.now()) return { dropped: 'LINK_EXPIRED' }
      return { mail: write({ reader, url: await linkTo(path, sealedToken), expiresAt: tokenExpiresAt }) }
    }

  return {
    async USER_WELCOME({ sealedToken, tokenExpiresAt }, reader) {
      if (tokenExpiresAt <= deps.now()) return { mail: welcomeMail({ reader, verification: null }) }
      const verification = { url: await linkTo('/verify-email', sealedToken), expiresAt: tokenExpiresAt }
      return { mail: welcomeMail({ reader, verification }) }
    },
    EMAIL_VERIFICATION: linkMail('/verify-email', emailVerificationMail),
    PASSWORD_RESET: linkMail('/reset-password', passwordResetMail),
  }
}
