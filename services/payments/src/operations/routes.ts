import type { paymentsSagaRoutes } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf, refuse, sqlOfPool } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { countSagas, endWait, findSagaFigures, listJournal, listSagas } from './saga-figures-repository.ts'

const Position = z.object({ since: z.iso.datetime(), orderId: z.uuid() })
const notFound = () => refuse(404, 'ORDER_NOT_FOUND', 'no such order')

export function sagaHandlers({ pool, resumer, queuedOrders }: Dependencies): Handlers<typeof paymentsSagaRoutes> {
  const sql = sqlOfPool(pool)
  return {
    async listSagas({ query }) {
      const after = decodeCursor(Position, query.cursor)
      const [byState, rows] = await Promise.all([countSagas(sql), listSagas(sql, query.state, query.limit, after)])
      const { page, nextCursor } = pageOf(rows, query.limit, ({ since, orderId }) => ({ since: since.toISOString(), orderId }))
      return { status: 200, body: { byState, sagas: page, nextCursor } }
    },
    async getSaga({ params }) {
      const figures = await findSagaFigures(sql, params.orderId)
      return figures ? { status: 200, body: { ...figures, events: await listJournal(sql, params.orderId) } } : notFound()
    },
    async resumeSaga({ params }) {
      const resumed = await endWait(sql, params.orderId)
      if (resumed) {
        if (resumed.state === 'QUEUED') queuedOrders.nudge()
        else resumer.nudge()
        return { status: 202, body: resumed }
      }
      const figures = await findSagaFigures(sql, params.orderId)
      return figures ? refuse(409, 'SAGA_ENDED', `nothing is left to do: it is ${figures.state}`) : notFound()
    },
  }
}
