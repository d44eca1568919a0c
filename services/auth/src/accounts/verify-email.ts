import { userEmailVerified } from '@boxoffice/contracts'
import { sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { markEmailVerified } from './user-repository.ts'
import { useVerification } from './verification-repository.ts'

export type Verified = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED'

/**
 * The address to which this token was mailed is its user's own: that and USER_EMAIL_VERIFIED in one commit. Once it was used it stays good for a repetition, which changes nothing.
 */
export const verifyEmail = (deps: Dependencies, token: string): Promise<Verified> =>
  deps.transact(async (tx): Promise<Verified> => {
    const verifiedAt = deps.now()
    const verification = await useVerification(tx, token, verifiedAt)
    if (!verification) return 'TOKEN_INVALID'
    if (verification === 'EXPIRED') return 'TOKEN_EXPIRED'
    const user = verification.usedBefore ? null : await markEmailVerified(tx, verification.userId, verifiedAt)
    if (user) {
      const { userId, email, version } = user
      await deps.messaging.append(sqlOf(tx), userEmailVerified, { userId, email, verifiedAt }, { aggregateVersion: version })
    }
    return 'DONE'
  })
