import {
  type NotificationType,
  notificationsOperatorRoutes,
  type OperatorStatus,
  type OrderId,
} from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { ageOf, type Column, renderTable } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100

interface Wanted {
  order?: OrderId | undefined
  status?: OperatorStatus | undefined
  type?: NotificationType | undefined
  since?: Date | undefined
  limit: number
}

/** Lists notifications, newest first. */
export const listNotifications = (
  config: Config,
  wanted: Wanted,
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> =>
  withService(config, 'notifications', notificationsOperatorRoutes, async (client) => {
    const { order: orderId, status, type, since, limit } = wanted
    const notifications = await collectPages(limit, async (cursor) => {
      const query = { orderId, status, type, since, limit: Math.min(limit, PAGE_MAX), cursor }
      const { body } = await client.listNotificationsAsOperator({ query })
      return { items: body.notifications, nextCursor: body.nextCursor }
    })
    type Listed = (typeof notifications)[number]
    const columns: readonly Column<Listed>[] = [
      { title: 'NOTIFICATION', text: ({ notificationId }) => notificationId },
      { title: 'TYPE', text: ({ type }) => type },
      { title: 'CHANNEL', text: ({ channel }) => channel },
      {
        title: 'STATUS',
        text: ({ status }) => status,
        paint: ({ status }) =>
          status === 'FAILED' || status === 'BOUNCED' ? 'red' : status === 'SENT' ? 'green' : undefined,
      },
      { title: 'ATTEMPTS', right: true, text: ({ attempts }) => attempts },
      { title: 'AGE', right: true, text: ({ createdAt }) => ageOf(createdAt, now()) },
      { title: 'WHY', text: ({ failure }) => failure?.message ?? '' },
    ]
    const table = notifications.length > 0 ? `${renderTable(columns, notifications, colours)}\n` : ''
    return { document: { notifications }, text: `${table}${counted(notifications.length, 'notification')}\n` }
  })
