import {
  type notificationsRoutes,
  type Preferences,
  type UserId,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { type Handlers, refuse } from '@boxoffice/service-kit'
import type { Database, Db } from '../database.ts'
import { effective, type Offered, objectionsTo } from './preference.ts'
import { findChoices, noChoices, saveChoices, saveQuietHours } from './preference-repository.ts'
import { shownOf, storedOf } from './quiet-hours.ts'

interface Deps {
  db: Database
  now: () => Date
  /** null: this installation sends no pushes. */
  push: object | null
}

type PreferenceRoutes = Pick<typeof notificationsRoutes, 'getPreferences' | 'updatePreferences'>

/** The signed-in user's own preferences. */
export const preferenceHandlers = ({ db, now, push }: Deps): Handlers<PreferenceRoutes> => ({
  getPreferences: async ({ principal }) => ({
    status: 200,
    body: await preferencesOf(db, principal.userId, { push: push !== null }),
  }),

  async updatePreferences({ principal: { userId }, body }) {
    const offered = { push: push !== null }
    const details = objectionsTo(body, offered)
    if (details.length > 0)
      return refuse(VALIDATION_FAILED, { message: 'these preferences cannot be kept', details })
    return db.transact(async (tx) => {
      const { preferences, quietHours } = body
      // Settings of a channel that is not offered are not saved as choices.
      const chosen = preferences.filter(({ channel }) => channel !== 'PUSH' || offered.push)
      await saveChoices(tx, userId, chosen, now())
      if (quietHours !== undefined)
        await saveQuietHours(tx, userId, quietHours && storedOf(quietHours), now())
      return { status: 200 as const, body: await preferencesOf(tx, userId, offered) }
    })
  },
})

async function preferencesOf(db: Db, userId: UserId, offered: Offered): Promise<Preferences> {
  const { choices, quietHours } = (await findChoices(db, [userId])).get(userId) ?? noChoices
  return { preferences: effective(choices, offered), ...(quietHours && { quietHours: shownOf(quietHours) }) }
}
