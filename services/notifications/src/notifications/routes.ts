import type { notificationsRoutes } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { listOfRecipient } from './notification-repository.ts'

const Position = z.object({ at: z.iso.datetime(), id: z.uuid() }).transform(({ at, id }) => ({ at: new Date(at), id }))

/** One's own log; nobody sees another's. */
export const notificationHandlers = ({ prisma }: Dependencies): Handlers<typeof notificationsRoutes> => ({
  async listNotifications({ query, principal }) {
    const rows = await listOfRecipient(prisma, principal.userId, query.limit, decodeCursor(Position, query.cursor))
    const { page, nextCursor } = pageOf(rows, query.limit, ({ createdAt, notificationId }) => ({
      at: createdAt.toISOString(),
      id: notificationId,
    }))
    return { status: 200, body: { notifications: page, nextCursor } }
  },
})
