import type { UserId } from '@boxoffice/contracts'
import {
  type AccountLink,
  addressChangedMail,
  confirmNewAddressMail,
  emailVerificationMail,
  passwordResetMail,
} from '../mails/account-link.ts'
import type { Mail } from '../mails/mail.ts'
import { welcomeMail } from '../mails/welcome.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import type { Ended } from './composition.ts'
import type { About, Loaded, Loaders } from './content.ts'
import type { OpenToken } from './sealed-token.ts'

type Link = PayloadOf<'EMAIL_VERIFICATION'>
type Purpose = 'VERIFY_EMAIL' | 'RESET_PASSWORD' | 'CHANGE_EMAIL' | 'UNDO_EMAIL_CHANGE'
const paths: Record<Purpose, string> = {
  VERIFY_EMAIL: '/verify-email',
  RESET_PASSWORD: '/reset-password',
  CHANGE_EMAIL: '/verify-email/new',
  UNDO_EMAIL_CHANGE: '/verify-email/undo',
}

/** Creates loaders of mails with a link for the owner of an address alone. */
export function createAccountLoaders(deps: {
  peers: Pick<Peers, 'auth' | 'find'>
  openToken: OpenToken
  publicUrl: string
  now: () => Date
}): Loaders<'USER_WELCOME' | 'EMAIL_VERIFICATION' | 'PASSWORD_RESET' | 'EMAIL_CHANGE' | 'EMAIL_CHANGED'> {
  /** Returns the link and its state; `GONE` if the account no longer exists. */
  async function linkOf(purpose: Purpose, { sealedToken, tokenExpiresAt }: Link, userId: UserId | null) {
    const token = await deps.openToken(sealedToken)
    const [user, { body: state }] = await Promise.all([
      userId && deps.peers.find.user(userId),
      deps.peers.auth.checkMailedToken({ body: { purpose, token } }),
    ])
    if (userId && !user) return 'GONE'
    // A token after `#` is neither sent to nor logged by any server.
    const url = new URL(`${paths[purpose]}#token=${encodeURIComponent(token)}`, deps.publicUrl)
    return { ...state, url: url.href, expiresAt: tokenExpiresAt, expired: tokenExpiresAt <= deps.now() }
  }

  const loadLink =
    (purpose: Purpose, write: (link: AccountLink) => Mail) =>
    async (payload: Link, { reader, recipientId }: About): Promise<Loaded | Ended> => {
      const link = await linkOf(purpose, payload, recipientId)
      if (link === 'GONE') return { dropped: 'RECIPIENT_GONE' }
      // A dead link is worse than none.
      if (link.expired) return { dropped: 'LINK_EXPIRED' }
      if (!link.works) return { obsolete: 'LINK_USED' }
      return { facts: {}, event: null, write: async () => ({ mail: write({ reader, ...link }) }) }
    }

  return {
    async USER_WELCOME(payload, { reader, recipientId }) {
      const link = await linkOf('VERIFY_EMAIL', payload, recipientId)
      if (link === 'GONE') return { dropped: 'RECIPIENT_GONE' }
      const { works, expired, emailVerified } = link
      const verification = works && !expired ? link : emailVerified ? ('DONE' as const) : null
      const facts = { works, expired, emailVerified }
      return { facts, event: null, write: async () => ({ mail: welcomeMail({ reader, verification }) }) }
    },
    EMAIL_VERIFICATION: loadLink('VERIFY_EMAIL', emailVerificationMail),
    PASSWORD_RESET: loadLink('RESET_PASSWORD', passwordResetMail),
    EMAIL_CHANGE: loadLink('CHANGE_EMAIL', confirmNewAddressMail),
    EMAIL_CHANGED: loadLink('UNDO_EMAIL_CHANGE', addressChangedMail),
  }
}
