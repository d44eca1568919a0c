import { userEmailVerified } from '@boxoffice/contracts'
import { sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { forgetNetworksOf } from '../limits/known-networks.ts'
import { tellEnded } from '../sessions/session.ts'
import { revokeFamiliesOf } from '../sessions/session-repository.ts'
import type { PrismaTx } from '../transaction.ts'
import { createMailedToken } from './mailed-token.ts'
import { lockUser, markEmailVerified, setPassword } from './user-repository.ts'
import { findVerification, useVerification } from './verification-repository.ts'

export type Verified = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED'
type Found = NonNullable<Awaited<ReturnType<typeof findVerification>>>

/**
 * The address to which this token was mailed is its user's own: that and USER_EMAIL_VERIFIED in one commit. Once it was used it
 * stays good for a repetition, which changes nothing.
 */
export const verifyEmail = (deps: Dependencies, token: string): Promise<Verified> =>
  deps.transact((tx) =>
    withToken(deps, tx, token, async ({ userId, used }, verifiedAt) => {
      const user = used ? null : await markEmailVerified(tx, userId, verifiedAt)
      if (!user) return
      const { email, version } = user
      await deps.messaging.append(sqlOf(tx), userEmailVerified, { userId, email, verifiedAt }, { aggregateVersion: version })
    }),
  )

/**
 * Whoever reads the mail of this address did not register it. Who did loses the account: its sessions end, and its password is
 * replaced by one that nobody knows, until another is set through the mail. The address is not verified, and this token proves
 * nothing any more.
 */
export async function disownAccount(deps: Dependencies, token: string): Promise<Verified> {
  if (!(await findVerification(deps.prisma, token))) return 'TOKEN_INVALID' // before the costly hash
  const passwordHash = await deps.passwords.hash(createMailedToken())
  let ended: string[] = []
  const disowned = await deps.transact((tx) =>
    withToken(deps, tx, token, async ({ userId }, revokedAt) => {
      await setPassword(tx, userId, passwordHash)
      ended = await revokeFamiliesOf(tx, userId, { revokedAt, revokedBecause: 'DISOWNED' })
      await forgetNetworksOf(tx, userId)
    }),
  )
  await tellEnded(deps, ended)
  return disowned
}

/** Do what a token is good for, with its user locked, and use it up. */
async function withToken(
  deps: Dependencies,
  tx: PrismaTx,
  token: string,
  work: (found: Found, now: Date) => Promise<void>,
): Promise<Verified> {
  const known = await findVerification(tx, token)
  if (!known) return 'TOKEN_INVALID'
  await lockUser(tx, known.userId)
  const now = deps.now()
  const found = await findVerification(tx, token) // as it is now that nobody else is at it
  if (!found) return 'TOKEN_INVALID'
  if (found.expiresAt <= now) return 'TOKEN_EXPIRED'
  await work(found, now)
  await useVerification(tx, token, now)
  return 'DONE'
}
