import type { UserId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import type { Choice } from './preference.ts'
import type { StoredQuietHours } from './quiet-hours.ts'

/** The choices of a user; everything else has its default. */
export interface Choices {
  choices: readonly Choice[]
  quietHours: StoredQuietHours | null
}
/** With whether a browser of theirs gets pushes. */
export interface Chosen extends Choices {
  hasDevice: boolean
}
export const noChoices: Chosen = { choices: [], quietHours: null, hasDevice: false }

/** Finds the choices of users. Users without choices and without a subscribed browser are left out. */
export async function findChoices(
  sql: Sql,
  userIds: readonly UserId[],
): Promise<ReadonlyMap<string, Chosen>> {
  if (userIds.length === 0) return new Map()
  const rows = await sql.query<Chosen & { userId: UserId }>(
    `select u.user_id as "userId", ${choicesOf('u.user_id')} as choices,
       ${quietHoursOf('u.user_id')} as "quietHours",
       exists (select from push_subscriptions s where s.user_id = u.user_id) as "hasDevice"
     from (select user_id from preferences where user_id = any($1::uuid[])
       union select user_id from quiet_hours where user_id = any($1::uuid[])
       union select user_id from push_subscriptions where user_id = any($1::uuid[])) u`,
    [userIds],
  )
  return new Map(rows.map(({ userId, ...choices }) => [userId, choices]))
}

/** SQL: a user's choices as JSON. */
export const choicesOf = (userId: string) => `coalesce((
  select jsonb_agg(jsonb_build_object('type', p.type, 'channel', p.channel, 'enabled', p.enabled))
  from preferences p where p.user_id = ${userId}), '[]')`
/** SQL: a user's quiet hours as JSON. */
export const quietHoursOf = (userId: string) => `(
  select jsonb_build_object('startMinute', q.start_minute, 'endMinute', q.end_minute, 'timeZone', q.time_zone)
  from quiet_hours q where q.user_id = ${userId})`

/** Saves choices over existing ones. */
export async function saveChoices(
  db: Db,
  userId: UserId,
  choices: readonly Choice[],
  updatedAt: Date,
): Promise<void> {
  for (const { type, channel, enabled } of choices) {
    await db.prisma.preference.upsert({
      where: { userId_type_channel: { userId, type, channel } },
      create: { userId, type, channel, enabled, updatedAt },
      update: { enabled, updatedAt },
    })
  }
}

/** Saves quiet hours, or removes them. */
export async function saveQuietHours(
  db: Db,
  userId: UserId,
  hours: StoredQuietHours | null,
  updatedAt: Date,
): Promise<void> {
  if (hours === null) await db.prisma.quietHours.deleteMany({ where: { userId } })
  else {
    const kept = { ...hours, updatedAt }
    await db.prisma.quietHours.upsert({ where: { userId }, create: { userId, ...kept }, update: kept })
  }
}
