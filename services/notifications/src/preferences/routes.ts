import type { notificationsRoutes, Preferences, UserId } from '@boxoffice/contracts'
import { type Handlers, refuse, sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { Db } from '../notifications/notification-repository.ts'
import { effective, objectionsTo } from './preference.ts'
import { findChoices, noChoices, saveChoices, saveQuietHours } from './preference-repository.ts'
import { shownOf, storedOf } from './quiet-hours.ts'

type PreferenceRoutes = Pick<typeof notificationsRoutes, 'getPreferences' | 'updatePreferences'>

/** One's own preferences. */
export const preferenceHandlers = ({ prisma, transact, now }: Dependencies): Handlers<PreferenceRoutes> => ({
  getPreferences: async ({ principal }) => ({ status: 200, body: await preferencesOf(prisma, principal.userId) }),

  async updatePreferences({ principal: { userId }, body }) {
    const details = objectionsTo(body)
    if (details.length > 0) return refuse(400, 'VALIDATION_FAILED', 'these preferences cannot be kept', { details })
    return transact(async (tx) => {
      const { preferences, quietHours } = body
      await saveChoices(tx, userId, preferences, now())
      if (quietHours !== undefined) await saveQuietHours(tx, userId, quietHours && storedOf(quietHours), now())
      return { status: 200 as const, body: await preferencesOf(tx, userId) }
    })
  },
})

async function preferencesOf(db: Db, userId: UserId): Promise<Preferences> {
  const { choices, quietHours } = (await findChoices(sqlOf(db), [userId])).get(userId) ?? noChoices
  return { preferences: effective(choices), ...(quietHours && { quietHours: shownOf(quietHours) }) }
}
