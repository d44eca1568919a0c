import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { hashOf } from './attempt-repository.ts'

const KNOWN_MS = 30 * 86_400_000

/** Whether the account of `email` was used from `network` (see `networkOf`) in the last 30 days. */
export async function isKnownNetwork(
  db: Db,
  { email, network, now }: { email: string; network: string; now: Date },
): Promise<boolean> {
  const where = { networkHash: hashOf(network), user: { email }, lastUsedAt: { gt: knownSince(now) } }
  return (await db.prisma.knownNetwork.findFirst({ where, select: { userId: true } })) !== null
}

/** Records a sign-in of the user from a network. */
export async function rememberNetwork(tx: Tx, userId: UserId, network: string, now: Date): Promise<void> {
  await tx.prisma.$executeRaw`
    insert into known_networks (user_id, network_hash, last_used_at)
    values (${userId}::uuid, ${hashOf(network)}, ${now})
    on conflict (user_id, network_hash) do update set last_used_at = excluded.last_used_at`
}

/** Extends a known network when a session is used from there. */
export async function touchNetwork(tx: Tx, userId: UserId, network: string, now: Date): Promise<void> {
  await tx.prisma.knownNetwork.updateMany({
    where: { userId, networkHash: hashOf(network) },
    data: { lastUsedAt: now },
  })
}

/** Deletes the known networks of a user, since a stranger may have signed in from any. */
export async function deleteNetworksOf(tx: Tx, userId: UserId): Promise<void> {
  await tx.prisma.knownNetwork.deleteMany({ where: { userId } })
}

/** Deletes up to `limit` networks that have expired and returns their number. */
export async function deleteOldNetworks(db: Db, now: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.knownNetwork.deleteMany({
    where: { lastUsedAt: { lte: knownSince(now) } },
    limit,
  })
  return count
}

const knownSince = (now: Date) => new Date(now.getTime() - KNOWN_MS)
