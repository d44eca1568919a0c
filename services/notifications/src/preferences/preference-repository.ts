import type { UserId } from '@boxoffice/contracts'
import type { Db } from '../notifications/notification-repository.ts'
import type { Choice } from './preference.ts'
import type { StoredQuietHours } from './quiet-hours.ts'

/** What a user chose: what is not here is as it is by default. */
export interface Choices {
  choices: readonly Choice[]
  quietHours: StoredQuietHours | null
}
export const noChoices: Choices = { choices: [], quietHours: null }

/** The choices of users; those who made none are left out. */
export async function findChoices(db: Db, userIds: readonly UserId[]): Promise<ReadonlyMap<string, Choices>> {
  const where = { userId: { in: [...userIds] } }
  // One after the other: a transaction has one connection.
  const preferences = await db.preference.findMany({ where })
  const quietHours = await db.quietHours.findMany({ where })
  const chosen = Map.groupBy(preferences, ({ userId }) => userId)
  const quiet = new Map(quietHours.map((hours) => [hours.userId, hours]))
  return new Map(
    [...chosen.keys(), ...quiet.keys()].map((userId) => [
      userId,
      { choices: (chosen.get(userId) ?? []) as Choice[], quietHours: quiet.get(userId) ?? null },
    ]),
  )
}

/** Keep choices over those that stand there. */
export async function saveChoices(db: Db, userId: UserId, choices: readonly Choice[], updatedAt: Date): Promise<void> {
  for (const { type, channel, enabled } of choices) {
    await db.preference.upsert({
      where: { userId_type_channel: { userId, type, channel } },
      create: { userId, type, channel, enabled, updatedAt },
      update: { enabled, updatedAt },
    })
  }
}

/** Keep quiet hours, or none. */
export async function saveQuietHours(db: Db, userId: UserId, hours: StoredQuietHours | null, updatedAt: Date): Promise<void> {
  if (hours === null) await db.quietHours.deleteMany({ where: { userId } })
  else {
    const kept = { ...hours, updatedAt }
    await db.quietHours.upsert({ where: { userId }, create: { userId, ...kept }, update: kept })
  }
}
