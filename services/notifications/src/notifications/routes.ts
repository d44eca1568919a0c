import type { notificationsRoutes } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf, refuse } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { countUnread, inOneSnapshot, listOfRecipient, markRead } from './log-repository.ts'

type LogRoutes = Pick<typeof notificationsRoutes, 'listNotifications' | 'watchNotifications' | 'readNotification'>

const Position = z.object({ at: z.iso.datetime(), id: z.uuid() }).transform(({ at, id }) => ({ at: new Date(at), id }))

/** One's own log; nobody sees another's. */
export const notificationHandlers = ({ prisma, now, watchLog }: Dependencies): Handlers<LogRoutes> => ({
  async listNotifications({ query, principal: { userId } }) {
    const { limit } = query
    const after = decodeCursor(Position, query.cursor)
    const { rows, unreadCount } = await inOneSnapshot(prisma, async (tx) => ({
      rows: await listOfRecipient(tx, userId, { limit, after, unread: query.unread === 'true' }),
      unreadCount: await countUnread(tx, userId),
    }))
    const { page, nextCursor } = pageOf(rows, limit, ({ createdAt, notificationId }) => ({
      at: createdAt.toISOString(),
      id: notificationId,
    }))
    return { status: 200, body: { notifications: page, nextCursor, unreadCount } }
  },

  watchNotifications: async ({ principal, signal }) => ({ status: 200, body: watchLog(principal.userId, signal) }),

  async readNotification({ params, principal }) {
    const notification = await markRead(prisma, principal.userId, params.notificationId, now())
    return notification
      ? { status: 200, body: notification }
      : refuse(404, 'NOTIFICATION_NOT_FOUND', 'there is no such notification')
  },
})
