import { paymentsSagaRoutes, type SagaFigures } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { ageOf, type Column, renderTable } from '../output/table.ts'
import { collectPages, withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const PAGE_MAX = 100

/** Lists sagas in progress, or those in one state. */
export const listSagas = (
  config: Config,
  { state, limit }: { state?: string | undefined; limit: number },
  { colours, now }: Pick<Terminal, 'colours' | 'now'>,
): Promise<Result> =>
  withService(config, 'payments', paymentsSagaRoutes, async (payments) => {
    let byState: Record<string, number> = {}
    const sagas = await collectPages(limit, async (cursor) => {
      const query = { ...(state && { state }), limit: Math.min(limit, PAGE_MAX), ...(cursor && { cursor }) }
      const { body } = await payments.listSagas({ query })
      byState = body.byState
      return { items: body.sagas, nextCursor: body.nextCursor }
    })
    const counts = Object.entries(byState).map(([name, count]) => `${count} ${name}`)
    const totals = state
      ? `${counted(byState[state] ?? 0, 'order')} ${state}\n`
      : `in progress: ${counts.join(', ') || 'none'}\n`
    return {
      document: { byState, sagas },
      text: `${sagas.length > 0 ? `${renderTable(columns(now()), sagas, colours)}\n` : ''}${totals}`,
    }
  })

const columns = (now: Date): readonly Column<SagaFigures>[] => [
  { title: 'ORDER', text: ({ orderId }) => orderId },
  {
    title: 'STATE',
    text: ({ state }) => state,
    paint: ({ lastError }) => (lastError ? 'yellow' : undefined),
  },
  { title: 'FOR', right: true, text: ({ since }) => ageOf(since, now) },
  { title: 'ATTEMPTS', right: true, text: ({ attempts }) => attempts },
  {
    title: 'NEXT IN',
    right: true,
    text: ({ nextAttemptAt, leaseUntil }) =>
      leaseUntil && leaseUntil > now ? 'now' : nextAttemptAt ? ageOf(now, nextAttemptAt) : null,
  },
  { title: 'LAST ERROR', text: ({ lastError }) => lastError?.slice(0, 80) ?? '' },
]
