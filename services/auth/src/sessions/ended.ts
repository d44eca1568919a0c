import { type Payload, sessionsEnded, type UserId } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { Tx } from '../database.ts'
import { revokeFamiliesOf, revokeFamily } from './session-repository.ts'

export interface EndedDeps {
  messaging: Pick<Messaging, 'append'>
}

/** The maximum number of ids in a message. */
const IDS_PER_MESSAGE_MAX = 1_000

/** Ends a session and publishes it in the same commit, so that dependent things such as pushes end too. */
export async function endFamily(
  deps: EndedDeps,
  tx: Tx,
  { familyId, userId }: { familyId: string; userId: UserId },
  revoked: Parameters<typeof revokeFamily>[2],
): Promise<void> {
  // It has already been published.
  if (await revokeFamily(tx, familyId, revoked))
    await publishEnded(deps, tx, { userId, sessionIds: [familyId] })
}

/** Ends all sessions of a user and publishes them. Returns their ids; expired sessions are not included. */
export async function endFamiliesOf(
  deps: EndedDeps,
  tx: Tx,
  userId: UserId,
  revoked: Parameters<typeof revokeFamiliesOf>[2],
): Promise<string[]> {
  const ended = await revokeFamiliesOf(tx, userId, revoked)
  const allUntil = revoked.revokedAt
  await publishEnded(deps, tx, { userId, sessionIds: ended.slice(0, IDS_PER_MESSAGE_MAX), allUntil })
  for (let first = IDS_PER_MESSAGE_MAX; first < ended.length; first += IDS_PER_MESSAGE_MAX)
    await publishEnded(deps, tx, {
      userId,
      sessionIds: ended.slice(first, first + IDS_PER_MESSAGE_MAX),
      allUntil,
    })
  return ended
}

const publishEnded = ({ messaging }: EndedDeps, tx: Tx, payload: Payload<typeof sessionsEnded>) =>
  messaging.append(tx, sessionsEnded, payload, { aggregateVersion: 0 })
