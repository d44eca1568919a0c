import type { analyticsRoutes } from '@boxoffice/contracts'
import type { Handlers } from '@boxoffice/service-kit'
import type { EventAccess } from '../reading/event-access.ts'
import { attachmentFor, csvOf } from './csv.ts'
import type { SalesReads } from './sales-reads.ts'
import { salesCursor } from './sales-reads.ts'
import type { WatchSales } from './sales-watch.ts'

interface Deps {
  access: EventAccess
  sales: SalesReads
  watchSales: WatchSales
}

export function salesHandlers({ access, sales, watchSales }: Deps): Handlers<typeof analyticsRoutes> {
  return {
    async listSales({ query: { limit, cursor, venueId = null }, principal }) {
      const after = salesCursor.decode(cursor)
      return {
        status: 200,
        body: await sales.listOf({ organizerId: principal.userId, venueId }, { limit, after }),
      }
    },
    async getSales({ params, query: { format, interval }, principal }) {
      const event = await access.getOwn(params.eventId, principal)
      if (format === 'json') return { status: 200, body: await sales.reportOn(event, interval) }
      const { lines, currency } = await sales.linesOf(event, interval)
      const headers = { 'content-disposition': attachmentFor(event), 'cache-control': 'private, no-store' }
      return { status: 200, body: csvOf(lines, { currency, timeZone: event.timeZone }), headers }
    },
    async watchSales({ params, query: { interval }, principal, signal }) {
      const event = await access.getOwn(params.eventId, principal)
      return { status: 200, body: watchSales(event, interval, signal) }
    },
  }
}
