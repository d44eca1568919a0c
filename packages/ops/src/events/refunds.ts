import { type EventId, paymentsEventRefundRoutes } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import { Failure } from '../failure.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { ageOf, type Column, renderTable } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100

/** Shows how far the refunds of cancelled events are; the exit code is 1 if some fail. */
export const listEventRefunds = (
  config: Config,
  eventId: EventId | undefined,
  { limit }: { limit: number },
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> =>
  withService(config, 'payments', paymentsEventRefundRoutes, async (client) => {
    const events = await collectPages(limit, async (cursor) => {
      const { body } = await client.listEventRefunds({
        query: { eventId, limit: Math.min(limit, PAGE_MAX), cursor },
      })
      return { items: body.events, nextCursor: body.nextCursor }
    })
    if (eventId && events.length === 0)
      throw new Failure('NOT_FOUND', `the event ${eventId} was not cancelled, or no one had paid`)
    type Listed = (typeof events)[number]
    const columns: readonly Column<Listed>[] = [
      { title: 'EVENT', text: (event) => event.eventId },
      { title: 'CANCELLED', right: true, text: (event) => ageOf(event.cancelledAt, now()) },
      { title: 'ORDERS', right: true, text: (event) => event.orders },
      { title: 'REFUNDED', right: true, text: (event) => event.refunded },
      { title: 'IN PROGRESS', right: true, text: (event) => event.inProgress },
      {
        title: 'FAILING',
        right: true,
        text: (event) => event.failing,
        paint: (event) => (event.failing > 0 ? 'red' : undefined),
      },
      { title: 'LEFT', right: true, text: (event) => event.remaining },
      {
        title: 'STATE',
        text: (event) => (event.finished ? 'finished' : (event.lastError ?? 'running')).slice(0, 80),
      },
    ]
    const failing = events.reduce((sum, event) => sum + event.failing, 0)
    const unfinished = events.filter(({ finished }) => !finished).length
    const table = events.length > 0 ? `${renderTable(columns, events, colours)}\n` : ''
    const totals =
      events.length === 0
        ? 'no cancelled events'
        : `${counted(events.length, 'cancelled event')}, ${unfinished} unfinished, ` +
          `${counted(failing, 'failing refund')}`
    return { document: { events }, text: `${table}${totals}\n`, exitCode: failing > 0 ? 1 : 0 }
  })
