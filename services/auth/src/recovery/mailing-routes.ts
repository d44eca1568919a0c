import type { authMailingRoutes } from '@boxoffice/contracts'
import type { Handlers } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { changeIsUndoable, changeWaits } from '../mailed-tokens/change-repository.ts'
import { findReset } from '../mailed-tokens/reset-repository.ts'
import { findVerification } from '../mailed-tokens/verification-repository.ts'
import { findUser } from '../users/user-repository.ts'

interface Deps {
  db: Database
  now: () => Date
}

/**
 * Lets the notification service check a link before it sends it, since another link of the account may have
 * been used meanwhile.
 */
export const mailingHandlers = ({ db, now }: Deps): Handlers<typeof authMailingRoutes> => ({
  async checkMailedToken({ body: { purpose, token } }) {
    if (purpose === 'CHANGE_EMAIL' || purpose === 'UNDO_EMAIL_CHANGE') {
      const works = await (purpose === 'CHANGE_EMAIL' ? changeWaits : changeIsUndoable)(db, token, now())
      return { status: 200, body: { works, emailVerified: false } }
    }
    const found =
      purpose === 'RESET_PASSWORD' ? await findReset(db, token) : await findVerification(db, token)
    const user = found && (await findUser(db, found.userId))
    const emailVerified = user?.emailVerified ?? false
    const isUsed =
      purpose === 'VERIFY_EMAIL' &&
      (emailVerified || (found !== null && 'used' in found && found.used === true))
    return {
      status: 200,
      body: { works: found !== null && found.expiresAt > now() && !isUsed, emailVerified },
    }
  },
})
