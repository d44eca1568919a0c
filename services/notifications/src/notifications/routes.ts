import { NOTIFICATION_NOT_FOUND, type notificationsRoutes } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers, refuseUnknown } from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { countUnread, inOneSnapshot, listOfRecipient, markRead } from './log-repository.ts'
import type { WatchLog } from './log-watch.ts'

interface Deps {
  db: Database
  now: () => Date
  watchLog: WatchLog
}

type LogRoutes = Pick<
  typeof notificationsRoutes,
  'listNotifications' | 'watchNotifications' | 'readNotification'
>

const cursor = defineCursor({ at: cursorFields.instant, id: cursorFields.id })

/** The signed-in user's own log. */
export const notificationHandlers = ({ db, now, watchLog }: Deps): Handlers<LogRoutes> => ({
  async listNotifications({ query, principal: { userId } }) {
    const { limit } = query
    const after = cursor.decode(query.cursor)
    const { rows, unreadCount } = await inOneSnapshot(db, async (tx) => ({
      rows: await listOfRecipient(tx, userId, { limit, after, unread: query.unread === 'true', now: now() }),
      unreadCount: await countUnread(tx, userId),
    }))
    const { page, nextCursor } = cursor.pageOf(rows, limit, ({ createdAt, notificationId }) => ({
      at: createdAt,
      id: notificationId,
    }))
    return { status: 200, body: { notifications: page, nextCursor, unreadCount } }
  },

  watchNotifications: async ({ principal, signal }) => ({
    status: 200,
    body: watchLog(principal.userId, signal),
  }),

  async readNotification({ params, principal }) {
    const notification = await markRead(db, principal.userId, params.notificationId, now())
    return notification
      ? { status: 200, body: notification }
      : refuseUnknown(NOTIFICATION_NOT_FOUND, params.notificationId)
  },
})
