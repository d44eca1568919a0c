import { userEmailVerified } from '@boxoffice/contracts'
import { sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { markEmailVerified } from './user-repository.ts'
import { useVerification } from './verification-repository.ts'

/**
 * The address to which this token was mailed is its user's own: that and USER_EMAIL_VERIFIED in one commit. False for a token
 * that is unknown or has expired. Once it was used it stays good for a repetition, which changes nothing.
 */
export const verifyEmail = (deps: Dependencies, token: string): Promise<boolean> =>
  deps.transact(async (tx) => {
    const verifiedAt = deps.now()
    const verification = await useVerification(tx, token, verifiedAt)
    if (!verification) return false
    const user = verification.usedBefore ? null : await markEmailVerified(tx, verification.userId, verifiedAt)
    if (user) {
      const { userId, email, version } = user
      await deps.messaging.append(sqlOf(tx), userEmailVerified, { userId, email, verifiedAt }, { aggregateVersion: version })
    }
    return true
  })
