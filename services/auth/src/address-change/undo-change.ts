import { violatedUnique } from '@boxoffice/service-kit'
import { resetAttemptsOf } from '../limits/attempt-repository.ts'
import { deleteNetworksOf } from '../limits/known-network-repository.ts'
import { findUndoable, markUndone } from '../mailed-tokens/change-repository.ts'
import { revokeAccessTokensOf } from '../sessions/session.ts'
import { lockUser, setPassword } from '../users/user-repository.ts'
import type { ConfirmChangeDeps } from './confirm-change.ts'
import { moveAddress } from './confirm-change.ts'

export type UndoChangeDeps = ConfirmChangeDeps

export type Undone = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'EMAIL_TAKEN'

/**
 * Restores the previous address with a new password from its reader, since the person who changed it knew the
 * old password. All sessions end, and later changes are undone too.
 */
export async function undoAddressChange(
  deps: UndoChangeDeps,
  token: string,
  password: string,
): Promise<Undone> {
  const found = await findUndoable(deps.db, token)
  if (!found?.undoExpiresAt) return 'TOKEN_INVALID' // before the costly hash
  if (found.undoExpiresAt <= deps.now()) return 'TOKEN_EXPIRED'
  const passwordHash = await deps.passwords.hash(password)
  let ended: string[] = []
  try {
    const undone = await deps.db.transact(async (tx): Promise<Undone> => {
      await lockUser(tx, found.userId)
      const change = await findUndoable(tx, token)
      if (!change) return 'TOKEN_INVALID'
      const now = deps.now()
      await markUndone(tx, change, now)
      await setPassword(tx, change.userId, passwordHash)
      await deleteNetworksOf(tx, change.userId)
      ended = await moveAddress(deps, tx, change, change.oldEmail, now)
      await resetAttemptsOf(tx, change.oldEmail)
      return 'DONE'
    })
    await revokeAccessTokensOf(deps, ended)
    return undone
  } catch (error) {
    if (violatedUnique(error) === 'users_email_key') return 'EMAIL_TAKEN'
    throw error
  }
}
