import { violatedUnique } from '@boxoffice/service-kit'
import { forgetAttemptsOf } from '../limits/attempt-repository.ts'
import { forgetNetworksOf } from '../limits/known-network-repository.ts'
import { findUndoable, markUndone } from '../mailed-tokens/change-repository.ts'
import { tellEnded } from '../sessions/session.ts'
import { lockUser, setPassword } from '../users/user-repository.ts'
import type { ConfirmChangeDeps } from './confirm-change.ts'
import { moveAddress } from './confirm-change.ts'

export type UndoChangeDeps = ConfirmChangeDeps

export type Undone = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'EMAIL_TAKEN'

/**
 * The account has the address of before again, with a password of who reads there: whoever changed it knew
 * the one of before. Every session ends, and what was changed since is undone with it.
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
      await forgetNetworksOf(tx, change.userId)
      ended = await moveAddress(deps, tx, change, change.oldEmail, now)
      await forgetAttemptsOf(tx, change.oldEmail)
      return 'DONE'
    })
    await tellEnded(deps, ended)
    return undone
  } catch (error) {
    if (violatedUnique(error) === 'users_email_key') return 'EMAIL_TAKEN'
    throw error
  }
}
