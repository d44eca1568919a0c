import { type Payload, sessionsEnded, type UserId } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { Tx } from '../database.ts'
import { revokeFamiliesOf, revokeFamily } from './session-repository.ts'

export interface EndedDeps {
  messaging: Pick<Messaging, 'append'>
}

/** So many ids fit into a message. */
const TOLD_AT_ONCE = 1_000

/**
 * End a session, and say so in the same commit: what hangs on it elsewhere, such as pushes to its browser,
 * ends too.
 */
export async function endFamily(
  deps: EndedDeps,
  tx: Tx,
  { familyId, userId }: { familyId: string; userId: UserId },
  revoked: Parameters<typeof revokeFamily>[2],
): Promise<void> {
  // What ended before was said then.
  if (await revokeFamily(tx, familyId, revoked)) await sayEnded(deps, tx, { userId, sessionIds: [familyId] })
}

/**
 * End all sessions of a user, likewise; the ids of those that are known. What hangs on others, which ran out,
 * ends by its time.
 */
export async function endFamiliesOf(
  deps: EndedDeps,
  tx: Tx,
  userId: UserId,
  revoked: Parameters<typeof revokeFamiliesOf>[2],
): Promise<string[]> {
  const ended = await revokeFamiliesOf(tx, userId, revoked)
  const allUntil = revoked.revokedAt
  await sayEnded(deps, tx, { userId, sessionIds: ended.slice(0, TOLD_AT_ONCE), allUntil })
  for (let first = TOLD_AT_ONCE; first < ended.length; first += TOLD_AT_ONCE)
    await sayEnded(deps, tx, { userId, sessionIds: ended.slice(first, first + TOLD_AT_ONCE), allUntil })
  return ended
}

const sayEnded = ({ messaging }: EndedDeps, tx: Tx, payload: Payload<typeof sessionsEnded>) =>
  messaging.append(tx, sessionsEnded, payload, { aggregateVersion: 0 })
