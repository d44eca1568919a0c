import { sessionsEnded, type UserId } from '@boxoffice/contracts'
import { sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { PrismaTx } from '../transaction.ts'
import { revokeFamiliesOf, revokeFamily } from './session-repository.ts'

type Told = Pick<Dependencies, 'messaging'>

/** So many ids fit into a message. */
const TOLD_AT_ONCE = 1_000

/** End a session, and say so in the same commit: what hangs on it elsewhere, such as pushes to its browser, ends too. */
export async function endFamily(
  deps: Told,
  tx: PrismaTx,
  { familyId, userId }: { familyId: string; userId: UserId },
  revoked: Parameters<typeof revokeFamily>[2],
): Promise<void> {
  await revokeFamily(tx, familyId, revoked)
  await sayEnded(deps, tx, userId, [familyId])
}

/** End all sessions of a user, likewise; their ids. */
export async function endFamiliesOf(
  deps: Told,
  tx: PrismaTx,
  userId: UserId,
  revoked: Parameters<typeof revokeFamiliesOf>[2],
): Promise<string[]> {
  const ended = await revokeFamiliesOf(tx, userId, revoked)
  await sayEnded(deps, tx, userId, ended)
  return ended
}

async function sayEnded({ messaging }: Told, tx: PrismaTx, userId: UserId, sessionIds: readonly string[]): Promise<void> {
  for (let first = 0; first < sessionIds.length; first += TOLD_AT_ONCE) {
    const payload = { userId, sessionIds: sessionIds.slice(first, first + TOLD_AT_ONCE) }
    await messaging.append(sqlOf(tx), sessionsEnded, payload, { aggregateVersion: 0 })
  }
}
